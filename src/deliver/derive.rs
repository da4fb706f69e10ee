//! A derived picture: from the cache, from one who is making it, or made now.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::sources::{self, Source};
use super::{
    Body, CacheState, Endpoint, Error, Gateway, Kept, Rendered, Request, Shared, count, endpoint,
    info,
};
use crate::cache::{DerivedKey, Joined, KeyParts};
use crate::dialect::{Delivery, Notes};
use crate::origin::{Found, Origin};
use crate::plan::{self, Frames, Hints, Negotiated, Plan};
use crate::render::{self, Budget, Lane, Timings};
use crate::spec::AssetRef;

impl Gateway {
    /// A derived picture: from memory, from one who is making it, or made now.
    pub(super) async fn derive(
        &self,
        endpoint: &Arc<Endpoint>,
        delivery: &Delivery,
        origin: &Arc<dyn Origin>,
        found: &Found,
        request: &Request<'_>,
    ) -> Result<(Body, Box<str>, CacheState), Error> {
        let shared = &self.shared;
        let negotiated = plan::negotiate(&delivery.spec, &request.hints, &endpoint.f_auto);
        let hints = plan::relevant(&delivery.spec, &request.hints);
        let layers = if origin.renders() {
            Vec::new()
        } else {
            sources::find_all(endpoint, &delivery.spec, request.host).await?
        };
        let key = DerivedKey::new(&KeyParts {
            origin: origin.name(),
            object: &found.key,
            etag: &format!("{}{}", found.etag, sources::etags(&layers)),
            spec: &delivery.spec.to_string(),
            client: &format!("{negotiated} {hints}"),
            rules: &endpoint.rules_text,
        });
        let (kept, cache) = if let Some(kept) = shared.memory.get(&key) {
            count(&shared.counters.hits);
            (kept, CacheState::Hit)
        } else {
            count(&shared.counters.misses);
            let job = Job {
                shared: shared.clone(),
                endpoint: endpoint.clone(),
                delivery: delivery.clone(),
                origin: origin.clone(),
                found: found.clone(),
                layers,
                negotiated,
                hints,
                key,
            };
            match shared.flights.join(key, || job.make()).await {
                Joined::Made(result) => (result?, CacheState::Miss),
                Joined::Shared(result) => {
                    count(&shared.counters.coalesced);
                    (result?, CacheState::Coalesced)
                }
                Joined::Lost => return Err(render::Error::Cancelled.into()),
            }
        };
        Ok(match &*kept {
            Kept::Original => (Body::Original, found.etag.clone(), CacheState::Bypass),
            Kept::Rendered(_) => (Body::Rendered(kept), key.etag().into(), cache),
        })
    }
}

/// One result to be made.
struct Job {
    shared: Arc<Shared>,
    endpoint: Arc<Endpoint>,
    delivery: Delivery,
    origin: Arc<dyn Origin>,
    found: Found,
    layers: Vec<Source>,
    negotiated: Negotiated,
    hints: Hints,
    key: DerivedKey,
}

impl Job {
    async fn make(self) -> Result<Arc<Kept>, Error> {
        let asked = clock();
        let source = self
            .origin
            .read(&self.found, self.endpoint.plan.limits.source_bytes)
            .await?;
        let stages = &self.shared.counters.stages;
        stages.origin.observe(asked.elapsed());
        self.shared
            .counters
            .origin_bytes
            .fetch_add(source.len() as u64, Ordering::Relaxed);
        let limits = &self.endpoint.plan.limits;
        let layers = sources::read_all(&self.layers, limits.source_bytes, &self.shared).await?;
        let budget = Budget::lasting(self.shared.deadline).with_limits(render::Limits {
            source_pixels: limits.source_pixels,
            picture_pixels: limits.output_pixels,
            ..render::Limits::default()
        });
        let (shared, key) = (self.shared.clone(), self.key);
        let queued = clock();
        // The pool reports its own failures; what the drawing says comes back inside.
        let kept = shared
            .pool
            .run(budget, self.lane(), move |budget| {
                self.shared.counters.stages.queue.observe(queued.elapsed());
                Ok(self.draw(&source, &layers, budget))
            })
            .await??;
        let kept = Arc::new(kept);
        shared.memory.put(key, kept.clone());
        Ok(kept)
    }

    /// Whose turn it takes on the render pool.
    fn lane(&self) -> Lane {
        let hash = |text: &str| xxh3_64(text.as_bytes());
        Lane {
            endpoint: hash(&self.endpoint.name),
            asset: hash(&self.delivery.asset.public_id),
        }
    }

    /// Runs on a render thread.
    fn draw(
        &self,
        source: &Bytes,
        layers: &[(AssetRef, Option<Bytes>)],
        budget: &Budget,
    ) -> Result<Kept, Error> {
        if self.origin.renders() {
            return Ok(finished(source));
        }
        let sources = render::Sources::new(layers, &self.endpoint.fonts, budget).below(source);
        let facts = render::probe(source)?;
        let spec = &self.delivery.spec;
        let plan = plan::make_with(
            spec,
            &facts,
            &sources,
            &self.negotiated,
            &self.hints,
            &self.endpoint.plan,
        )?;
        let (plan, info) = match plan {
            Plan::Original => return Ok(Kept::Original),
            Plan::Raster(plan) => (Some(plan), None),
            Plan::Info(info) => (info.picture, Some(info.salient)),
        };
        let made = match &plan {
            Some(plan) => {
                let made = render::run_with(plan, source, &sources, budget)?;
                let counters = &self.shared.counters;
                count(&counters.renders);
                counters.stages.decode.observe(made.timings.decode);
                counters.stages.transform.observe(made.timings.transform);
                counters.stages.encode.observe(made.timings.encode);
                made
            }
            None => render::Rendered::untouched(source, &facts),
        };
        let animated = plan.is_some_and(|plan| matches!(plan.frames, Frames::All(_)));
        let mut notes = endpoint::late_notes(&facts, spec, &made, animated);
        notes.extend(sources.into_notes().into_iter().map(endpoint::approximated));
        Ok(Kept::Rendered(Rendered {
            notes,
            info: info.is_some(),
            body: match info {
                Some(salient) => info::json(&facts, &made, salient),
                None => made.body,
            },
            format: made.format,
            size: made.size,
            source: facts,
            made: now(),
            timings: made.timings,
        }))
    }
}

/// A picture that another service has finished; what is none is passed on as it is.
fn finished(source: &Bytes) -> Kept {
    let Ok(facts) = render::probe(source) else {
        return Kept::Original;
    };
    Kept::Rendered(Rendered {
        body: source.clone(),
        info: false,
        format: facts.format,
        size: facts.size,
        source: facts,
        made: now(),
        timings: Timings::default(),
        notes: Notes::new(),
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "waiting is measured for operators; no answer depends on it"
)]
fn clock() -> Instant {
    Instant::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "Last-Modified of a derived picture is when it was made"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
