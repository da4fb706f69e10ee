//! The heart: the road a request takes, as one readable function.
//!
//! Text is read and refused before any I/O; the origin says which object answers; a result that is
//! kept or being made is shared; only then is anything fetched and rendered, on the render pool.

mod admission;
mod derive;
mod endpoint;
mod error;
pub mod histogram;
mod info;
mod kept;
mod lookup;
mod lookups;
mod purge;
mod sources;
mod upstream;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use admission::Admission;
pub use endpoint::{Endpoint, OnUnsupported, Outage};
pub use error::Error;
pub use kept::{Kept, Rendered, Source};
pub use lookup::Fallback;
pub use lookups::{Located, Lookups, Windows};
pub use purge::{Purged, Purges};

use lookup::stand_in;

use histogram::Histogram;

use crate::cache::{DerivedKey, Failures, Flights, Memory, Originals, Record, Store};
use crate::dialect::{self, Delivery, Note, NoteLevel, Notes};
use crate::origin::{CallBook, Found, Origin};
use crate::plan::{self, Hints, Varies};
use crate::render::{self, Ledger, Pool, Timings, Workers};
use crate::spec::{AssetRef, AssetType, DeliveryType, Format, FormatChoice};
use crate::trace;

/// Everything that answers requests: endpoints, their origins, the caches and the render pool.
#[derive(Debug)]
pub struct Gateway {
    /// Looked through by [`Gateway::endpoint`].
    pub endpoints: Vec<Arc<Endpoint>>,
    /// Every origin of the configuration, whichever endpoints ask it.
    pub origins: Vec<Arc<dyn Origin>>,
    /// What outlives a reload of the configuration.
    pub shared: Arc<Shared>,
}

/// What outlives a reload of the configuration.
#[derive(Debug)]
pub struct Shared {
    /// Results in memory.
    pub memory: Memory,
    /// Results that outlive a restart.
    pub store: Store,
    /// Originals of distant origins.
    pub originals: Originals,
    /// Results that are being made.
    pub flights: Flights<DerivedKey, Result<Made, Error>>,
    /// Results that cannot be made.
    pub failures: Failures<Error>,
    /// Keeps results from being kept past a purge.
    pub purges: Purges,
    /// Where pixels are worked on.
    pub pool: Pool,
    /// Processes for codecs that cannot be asked to stop; `None`: they work on the threads of the pool.
    pub workers: Option<Arc<Workers>>,
    /// Bytes that renderings may take together.
    pub ledger: Arc<Ledger>,
    /// Room for the originals of renderings.
    pub admission: Admission,
    /// Seconds that one result may take.
    pub deadline: Duration,
    /// What happened so far.
    pub counters: Counters,
    /// How often each origin was asked.
    pub origin_calls: CallBook,
}

/// A result that was made or found for those who wait.
#[derive(Clone, Debug)]
pub struct Made {
    record: Record,
    /// Found in the store, not made.
    stored: bool,
    timings: Timings,
}

/// What happened since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Pictures rendered.
    pub renders: AtomicU64,
    /// Requests that waited for a picture which another had started.
    pub coalesced: AtomicU64,
    /// Requests answered from memory.
    pub hits: AtomicU64,
    /// Requests that found nothing in memory.
    pub misses: AtomicU64,
    /// Requests answered from a look-up beyond its time.
    pub stale: AtomicU64,
    /// Requests refused because the same result could not be made a short while ago.
    pub remembered_failures: AtomicU64,
    /// Originals read from their origin for rendering.
    pub origin_reads: AtomicU64,
    /// Requests for which another service was asked, because of what cannot be rendered here.
    pub upstream: AtomicU64,
    /// Bytes read from origins for rendering.
    pub origin_bytes: AtomicU64,
    /// Notes by level: ignored, approximated, unsupported.
    pub notes: [AtomicU64; 3],
    /// How long renderings wait for a thread, and each of their stages takes.
    pub stages: Stages,
}

/// How long the stages of renderings take.
#[derive(Debug, Default)]
pub struct Stages {
    /// From the queue to a thread.
    pub queue: Histogram,
    /// Fetching originals.
    pub origin: Histogram,
    /// Probing and decoding.
    pub decode: Histogram,
    /// Colour conversion and the steps of the plan.
    pub transform: Histogram,
    /// Writing the file.
    pub encode: Histogram,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A request, as far as its answer depends on it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `Host`, without port.
    pub host: Option<&'a str>,
    /// Path and query as sent.
    pub target: &'a str,
    /// What the client says about itself.
    pub hints: Hints,
    /// Who asks, where an access token decides.
    pub client: dialect::Client<'a>,
}

/// How the cache took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheState {
    /// Answered from memory.
    Hit,
    /// Made for this request.
    Miss,
    /// Made for another request at the same time.
    Coalesced,
    /// Told beyond its time: the origin fails, or is being asked.
    Stale,
    /// Not cached: an original.
    Bypass,
}

impl CacheState {
    /// The word in the `X-Cache` header.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Coalesced => "coalesced",
            Self::Stale => "stale",
            Self::Bypass => "bypass",
        }
    }
}

/// An answer, before it is HTTP.
#[derive(Debug)]
pub struct Delivered {
    /// The asset.
    pub asset: AssetRef,
    /// The asset that was asked for, where `asset` stands in for it.
    pub missing: Option<AssetRef>,
    /// The endpoint that answered.
    pub endpoint: Arc<Endpoint>,
    /// The origin that had the asset.
    pub origin: Arc<dyn Origin>,
    /// The object that answered.
    pub found: Found,
    /// The bytes, or where they are.
    pub body: Body,
    /// Identifies the bytes: 32 hex digits.
    pub etag: Box<str>,
    /// How the cache took part.
    pub cache: CacheState,
    /// What about the client the answer depends on.
    pub varies: Varies,
    /// For saving, under this name (empty: the asset's own).
    pub attachment: Option<Box<str>>,
    /// What was ignored, approximated or could not be done.
    pub notes: Notes,
}

/// The bytes of an answer.
#[derive(Debug)]
pub enum Body {
    /// Stream [`Delivered::found`] from its origin.
    Original,
    /// A picture of ours.
    Rendered(Arc<Kept>),
}

impl Gateway {
    /// The endpoint that answers for a host and path: the longest prefix among those for this host,
    /// before any for all hosts.
    #[must_use]
    pub fn endpoint(&self, host: Option<&str>, path: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints
            .iter()
            .filter(|endpoint| endpoint.answers(host, path))
            .max_by_key(|endpoint| (!endpoint.hosts.is_empty(), endpoint.prefix.len()))
    }

    /// Answers one request.
    ///
    /// # Errors
    /// The first refusal on the road, with the floor it comes from.
    pub async fn deliver(&self, request: &Request<'_>) -> Result<Delivered, Error> {
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let endpoint = self
            .endpoint(request.host, path)
            .ok_or_else(|| unknown(request))?;
        let (delivery, refusal) =
            dialect::interpret_for(&endpoint.rules, request.target, &request.client)?;
        self.count_notes(&delivery.notes);
        if let Some(upstream) = endpoint.elsewhere(&delivery, refusal.as_ref()) {
            return Box::pin(self.ask_upstream(upstream, endpoint, delivery, request)).await;
        }
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        endpoint.accepts(&delivery)?;
        match self.make(endpoint, delivery.clone(), request).await {
            Err(error) => match endpoint.elsewhere_after(&error) {
                Some(upstream) => {
                    Box::pin(self.ask_upstream(upstream, endpoint, delivery, request)).await
                }
                None => Err(error),
            },
            made => made,
        }
    }

    /// Finds the original, or what stands in for it, and makes of it what is asked.
    async fn make(
        &self,
        endpoint: &Arc<Endpoint>,
        mut delivery: Delivery,
        request: &Request<'_>,
    ) -> Result<Delivered, Error> {
        let (asset, others) = (&delivery.asset, &delivery.others);
        let mut looking = trace::child("locate");
        let looked = looking
            .within(Lookups::locate(endpoint, asset, others, request.host))
            .await;
        match &looked {
            Ok(located) if looking.is_recorded() => {
                looking.set("cldgate.origin", located.origin.name().to_owned());
                looking.set("cldgate.stale", located.stale);
            }
            Ok(_) | Err(Error::NotFound(_)) => {}
            Err(_) => looking.fail(),
        }
        drop(looking);
        let mut stale = false;
        let (origin, found, missing) = match looked {
            Ok(located) => {
                delivery.asset = located.asset;
                stale = located.stale;
                (located.origin, located.found, None)
            }
            Err(Error::NotFound(missing)) => {
                let named = delivery.spec.default_image.as_deref();
                let stand_in = Box::pin(stand_in(endpoint, &missing, named, request.host)).await?;
                delivery.asset = stand_in.asset;
                (stand_in.origin, stand_in.found, Some(missing))
            }
            Err(error) => return Err(error),
        };
        if stale {
            count(&self.shared.counters.stale);
        }
        let (body, etag, cache) = if is_original(&delivery, &found) {
            (Body::Original, found.etag.clone(), CacheState::Bypass)
        } else if delivery.asset.asset_type == AssetType::Image {
            self.derive(endpoint, &delivery, &origin, &found, request)
                .await
                .inspect_err(|error| {
                    // Who asks once more shall look once more.
                    if error.is_outdated() {
                        Lookups::forget(endpoint, &*origin, &delivery.asset);
                    }
                })
                .map_err(|error| match error {
                    Error::Origin(error) => Error::of(&delivery.asset, error),
                    other => other,
                })?
        } else {
            return Err(render::Error::NoTool { what: "video" }.into());
        };
        let mut notes = delivery.notes;
        if let Body::Rendered(kept) = &body
            && let Kept::Rendered(rendered) = &**kept
        {
            notes.extend(rendered.notes.iter().cloned());
        }
        Ok(Delivered {
            varies: plan::varies(&delivery.spec),
            attachment: delivery.spec.output.attachment,
            asset: delivery.asset,
            missing,
            endpoint: endpoint.clone(),
            origin,
            found,
            body,
            etag,
            cache: if stale { CacheState::Stale } else { cache },
            notes,
        })
    }

    fn count_notes(&self, notes: &[Note]) {
        let [ignored, approximated, unsupported] = &self.shared.counters.notes;
        for note in notes {
            count(match note.level {
                NoteLevel::Ignored => ignored,
                NoteLevel::Approximated => approximated,
                NoteLevel::Unsupported => unsupported,
            });
        }
    }
}

fn unknown(request: &Request<'_>) -> Error {
    let path: String = request.target.chars().take(200).collect();
    dialect::Error::UnknownEndpoint {
        host: request.host.unwrap_or_default().into(),
        path: path.into(),
    }
    .into()
}

/// Whether the stored bytes are the answer, told by name alone.
fn is_original(delivery: &Delivery, found: &Found) -> bool {
    let stored = found.extension.as_deref().and_then(Format::from_extension);
    let asset = &delivery.asset;
    match asset.asset_type {
        AssetType::Raw => true,
        // What somebody else calls a picture is looked into before it goes out.
        AssetType::Image if stored.is_none() && asset.delivery_type == DeliveryType::Fetch => false,
        AssetType::Image => plan::is_original(&delivery.spec, stored),
        AssetType::Video => {
            let asked = asset.extension.as_deref();
            let same = asked.is_none_or(|asked| {
                found
                    .extension
                    .as_deref()
                    .is_some_and(|stored| stored.eq_ignore_ascii_case(asked))
            });
            // What is not done to it has been noted; but a video is no answer to who wants a picture.
            same && !matches!(delivery.spec.output.format, FormatChoice::Named(_))
        }
    }
}
