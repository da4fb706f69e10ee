//! A derived picture: from a cache, from one who is making it, or made now.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use xxhash_rust::xxh3::xxh3_64;

use super::sources::{self, Source};
use super::{
    Body, CacheState, Endpoint, Error, Gateway, Kept, Made, Rendered, Request, Shared, count,
    endpoint, info,
};
use crate::cache::{DerivedKey, Joined, KeyParts, Owner, Record, Store};
use crate::dialect::{Delivery, Notes};
use crate::origin::{Found, Origin};
use crate::plan::{self, Hints, Negotiated, Plan};
use crate::render::{self, Budget, Lane, Timings};
use crate::spec::{AssetRef, Format, Op, Select, TransformSpec};
use crate::trace;

impl Gateway {
    /// A derived picture: from memory, from one who is making it, from the store, or made now.
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
        let layers = if origin.renders() || delivery.spec.layers().is_empty() {
            Vec::new()
        } else {
            let looking = trace::child("locate layers");
            let found = sources::find_all(endpoint, &delivery.spec, request.host);
            Box::pin(looking.within(found)).await?
        };
        let others: Vec<_> = layers.iter().map(Source::identity).collect();
        let key = DerivedKey::new(&KeyParts {
            public_id: &delivery.asset.public_id,
            origin: origin.name(),
            object: &found.key,
            etag: &found.etag,
            others: &others,
            spec: &delivery.spec.to_string(),
            client: &format!("{negotiated} {hints}"),
            rules: &endpoint.rules_text,
        });
        let known = shared.memory.get(&key).as_ref().and_then(Kept::of);
        let (kept, cache) = if let Some(kept) = known {
            count(&shared.counters.hits);
            (kept, CacheState::Hit)
        } else if let Some(kept) = shared.at_hand(&key) {
            count(&shared.counters.misses);
            (kept, CacheState::Hit)
        } else {
            count(&shared.counters.misses);
            if let Some(error) = shared.failures.get(&key) {
                count(&shared.counters.remembered_failures);
                return Err(error);
            }
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
                purges: shared.purges.count(),
                trace: trace::current(),
            };
            let waiting = trace::child("wait");
            // In a place of its own: whoever is answered from a cache shall not carry it along.
            let joined = Box::pin(
                shared
                    .flights
                    .join(key, || trace::within(job.trace.clone(), job.make())),
            );
            let (made, first) = match joined.await {
                Joined::Made(made) => {
                    // What was done meanwhile is in the same trace.
                    waiting.discard();
                    (made?, true)
                }
                Joined::Shared(made) => {
                    drop(waiting);
                    count(&shared.counters.coalesced);
                    (made?, false)
                }
                Joined::Lost => return Err(render::Error::Cancelled.into()),
            };
            let mut kept = Kept::of(&made.record).ok_or(render::Error::Crashed)?;
            if let Kept::Rendered(rendered) = &mut kept {
                rendered.timings = made.timings;
            }
            let cache = match (made.stored, first) {
                (true, _) => CacheState::Hit,
                (false, true) => CacheState::Miss,
                (false, false) => CacheState::Coalesced,
            };
            (kept, cache)
        };
        Ok(match kept {
            Kept::Original => (Body::Original, found.etag.clone(), CacheState::Bypass),
            Kept::Rendered(_) => (Body::Rendered(Arc::new(kept)), key.etag().into(), cache),
        })
    }
}

impl Shared {
    /// A result that the store has at hand; it is in memory from now on.
    fn at_hand(&self, key: &DerivedKey) -> Option<Kept> {
        let purges = self.purges.count();
        let record = self.store.get_at_once(key)?;
        let kept = Kept::of(&record)?;
        self.purges
            .keep_since(purges, || self.memory.put(*key, record));
        Some(kept)
    }
}

/// One result to be found in the store or made.
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
    /// Purges before it began.
    purges: u64,
    /// The request that it is made for first.
    trace: Option<trace::Context>,
}

impl Job {
    async fn make(self) -> Result<Made, Error> {
        let shared = self.shared.clone();
        if let Some(record) = self.stored().await {
            let kept = record.clone();
            shared
                .purges
                .keep_since(self.purges, || shared.memory.put(self.key, kept));
            return Ok(Made {
                record,
                stored: true,
                timings: Timings::default(),
            });
        }
        let (key, purges) = (self.key, self.purges);
        let made = self.render().await;
        shared.purges.keep_since(purges, || match &made {
            Ok(made) => {
                shared.memory.put(key, made.record.clone());
                shared.store.put(key, made.record.clone());
            }
            Err(error) if error.is_lasting() => shared.failures.put(key, error.clone()),
            Err(_) => {}
        });
        made
    }

    /// The result, where the store has it.
    async fn stored(&self) -> Option<Record> {
        let store = &self.shared.store;
        if matches!(store, Store::Nowhere) {
            return None;
        }
        let mut reading = trace::child("store read");
        let record = store.get(&self.key, &self.delivery.asset.public_id).await;
        let record = record.filter(|record| Kept::of(record).is_some());
        reading.set("cldgate.found", record.is_some());
        record
    }

    async fn render(self) -> Result<Made, Error> {
        // Before anything is read for a rendering that there is no room for.
        self.shared.pool.admits(self.lane())?;
        let room = self.room().await?;
        let source = self.source().await?;
        let limits = &self.endpoint.plan.limits;
        let layers = if self.layers.is_empty() {
            Vec::new()
        } else {
            let fetching = trace::child("fetch layers");
            let layers = sources::read_all(&self.layers, limits.source_bytes, &self.shared);
            Box::pin(fetching.within(layers)).await?
        };
        let budget = Budget::lasting(self.shared.deadline).with_limits(render::Limits {
            source_pixels: limits.source_pixels,
            picture_pixels: limits.output_pixels,
            ..render::Limits::default()
        });
        let budget = budget.with_workers(self.shared.workers.clone());
        let (shared, lane) = (self.shared.clone(), self.lane());
        let queued = clock();
        let queueing = trace::child("queue");
        // The pool reports its own failures; what the drawing says comes back inside.
        let drawn = shared.pool.run(budget, lane, move |budget| {
            self.shared.counters.stages.queue.observe(queued.elapsed());
            drop(queueing);
            let made = self.draw(&source, &layers, budget).map(|kept| Made {
                record: self.record(&kept),
                stored: false,
                timings: match &kept {
                    Kept::Original => Timings::default(),
                    Kept::Rendered(rendered) => rendered.timings,
                },
            });
            drop((source, layers, room));
            Ok(made)
        });
        drawn.await?
    }

    /// Room for the originals; waits for it.
    async fn room(&self) -> Result<OwnedSemaphorePermit, Error> {
        let limit = self.endpoint.plan.limits.source_bytes;
        // What is over the limit is refused when it is read, with words of its own.
        let layers = self.layers.iter().map(Source::bytes);
        let bytes = std::iter::once(self.found.bytes).chain(layers);
        let bytes = bytes.map(|bytes| bytes.min(limit)).sum();
        let shared = &self.shared;
        let waiting = trace::child("room for originals");
        let room = shared.admission.enter(bytes, shared.deadline).await;
        drop(waiting);
        Ok(room?)
    }

    /// The original, from its cache or its origin.
    async fn source(&self) -> Result<Bytes, Error> {
        let (shared, found) = (&self.shared, &self.found);
        let limit = self.endpoint.plan.limits.source_bytes;
        let public_id = &self.delivery.asset.public_id;
        let asked = clock();
        let mut fetching = trace::child("fetch");
        let read = shared.originals.read(&self.origin, found, public_id, limit);
        let read = fetching.within(read).await;
        if fetching.is_recorded() {
            fetching.set("cldgate.origin", self.origin.name().to_owned());
            match &read {
                Ok(original) => {
                    fetching.set("cldgate.bytes", original.bytes.len() as u64);
                    fetching.set("cldgate.downloaded", original.downloaded);
                }
                Err(_) => fetching.fail(),
            }
        }
        drop(fetching);
        let original = read?;
        let counters = &shared.counters;
        if original.downloaded {
            let bytes = original.bytes.len() as u64;
            counters.stages.origin.observe(asked.elapsed());
            count(&counters.origin_reads);
            counters.origin_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(original.bytes)
    }

    fn record(&self, kept: &Kept) -> Record {
        let mut public_ids = vec![&*self.delivery.asset.public_id];
        public_ids.extend(self.layers.iter().map(Source::public_id));
        let owner = Owner {
            endpoint: &self.endpoint.name,
            public_ids,
        };
        kept.record(&self.key, &owner, now())
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
        let mut facts = render::probe(source)?;
        let spec = &self.delivery.spec;
        // Pages of a document differ in size: the one asked for becomes the first.
        let paged = match spec.select {
            Select::Page(page) => render::at_page(source, page),
            Select::Pages(ref pages) => {
                let first = pages.first().map(|(first, _)| *first);
                first.and_then(|page| render::at_page(source, page))
            }
            _ => None,
        };
        let paged = paged.map(|file| {
            let select = Select::Page(1);
            let spec = spec.clone();
            (Bytes::from(file), TransformSpec { select, ..spec })
        });
        let (source, spec) = match &paged {
            Some((file, spec)) => {
                let frames = facts.frames;
                facts = render::probe(file)?;
                facts.frames = frames;
                (file, spec)
            }
            None => (source, spec),
        };
        let mut planning = trace::child_of(self.trace.as_ref(), "plan");
        planning.set("cldgate.source.format", facts.format.word());
        planning.set("cldgate.source.width", u64::from(facts.size.width));
        planning.set("cldgate.source.height", u64::from(facts.size.height));
        let sources = render::Sources::new(layers, &self.endpoint.fonts, budget)
            .below(source)
            .within(&self.shared.ledger);
        let plan = plan::make_with(
            spec,
            &facts,
            &sources,
            &self.negotiated,
            &self.hints,
            &self.endpoint.plan,
        )
        .inspect_err(|_| planning.fail())?;
        drop(planning);
        let (plan, info) = match plan {
            Plan::Original => return Ok(Kept::Original),
            Plan::Sanitized => (None, None),
            Plan::Raster(plan) => (Some(plan), None),
            Plan::Info(info) => (info.picture, Some(info.salient)),
        };
        let made = match &plan {
            None if info.is_none() => render::sanitized(source, budget)?,
            Some(plan) => {
                let waiting = trace::child_of(self.trace.as_ref(), "room for pixels");
                let _share = self.shared.ledger.take(plan.memory(&facts), budget)?;
                drop(waiting);
                let mut rendering = trace::child_of(self.trace.as_ref(), "render");
                let made = render::run_with(plan, source, &sources, budget)
                    .inspect_err(|_| rendering.fail())?;
                tell(&mut rendering, spec, &made);
                drop(rendering);
                let counters = &self.shared.counters;
                count(&counters.renders);
                counters.stages.decode.observe(made.timings.decode);
                counters.stages.transform.observe(made.timings.transform);
                counters.stages.encode.observe(made.timings.encode);
                made
            }
            None => render::Rendered::untouched(source, &facts),
        };
        let mut notes = endpoint::late_notes(&facts, spec, &made, plan.as_ref());
        if render::has_gain_map(source) {
            let note = (
                facts.format.word().into(),
                "gain map left out: the picture without it is shown".into(),
            );
            notes.push(endpoint::approximated(note));
        }
        if endpoint::clips(spec) && !render::has_clipping_path(source) {
            let note = (
                facts.format.word().into(),
                "the file has no clipping path".into(),
            );
            notes.push(endpoint::approximated(note));
        }
        if facts.format == Format::Svg {
            let notes_of = |message: &'static str| ("svg".into(), message.into());
            let lacks = render::lacks(source).into_iter().map(notes_of);
            notes.extend(lacks.map(endpoint::approximated));
        }
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
            source: facts.into(),
            made: now(),
            timings: made.timings,
        }))
    }
}

/// What a trace tells of a rendering. The stages of an animation alternate frame by frame; they are shown by their sums.
fn tell(span: &mut trace::Open, spec: &TransformSpec, made: &render::Rendered) {
    if !span.is_recorded() {
        return;
    }
    let stages = made.timings;
    span.parts(&[
        ("decode", stages.decode),
        ("transform", stages.transform),
        ("encode", stages.encode),
    ]);
    // First words alone: what follows may be a text or a URL.
    let word = |op: &Op| {
        op.to_string()
            .split(' ')
            .next()
            .map(|word| word.to_owned().into())
    };
    span.set(
        "cldgate.ops",
        trace::Value::List(spec.ops.iter().filter_map(word).collect()),
    );
    span.set("cldgate.format", made.format.word());
    span.set("cldgate.width", u64::from(made.size.width));
    span.set("cldgate.height", u64::from(made.size.height));
    span.set("cldgate.bytes", made.body.len() as u64);
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
        source: facts.into(),
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
