//! What cannot be rendered here, from a service that can: asked for the URL as it was sent, kept
//! like a result of our own.

use std::sync::Arc;

use super::lookup::find;
use super::{Body, CacheState, Delivered, Endpoint, Error, Gateway, Request, count};
use crate::dialect::{self, Delivery, Note, NoteLevel, Notes};
use crate::origin::{Found, HeaderMap, Origin, Upstream, plain_header};
use crate::plan::{self, Hints, Varies};
use crate::render;
use crate::spec::{AssetType, Format};

impl Endpoint {
    /// The service to ask for what cannot be rendered here: what is unsupported, and transformations
    /// that only the service has a name for. A signature that is missing or wrong stays refused.
    pub(super) fn elsewhere(
        &self,
        delivery: &Delivery,
        refusal: Option<&dialect::Error>,
    ) -> Option<&Upstream> {
        let lacking = match refusal {
            None => delivery
                .notes
                .iter()
                .any(|note| note.level == NoteLevel::Unsupported),
            Some(refusal) => matches!(refusal, dialect::Error::UnknownTransformation { .. }),
        };
        self.upstream.as_ref().filter(|_| lacking)
    }

    /// The service to ask after an error that it may not have: what this build cannot read or
    /// write, layers that are nowhere here.
    pub(super) fn elsewhere_after(&self, error: &Error) -> Option<&Upstream> {
        let lacking = matches!(
            error,
            Error::Plan(plan::Error::NoLayer(_))
                | Error::Render(
                    render::Error::NoTool { .. }
                        | render::Error::NoCodec { .. }
                        | render::Error::UnknownFormat
                )
        );
        self.upstream.as_ref().filter(|_| lacking)
    }
}

impl Gateway {
    /// The service's answer to a request. A picture is kept for as long as the original in the
    /// endpoint's own origins is the same; anything else is passed on.
    ///
    /// # Errors
    /// Those of the service as an origin.
    pub(super) async fn ask_upstream(
        &self,
        upstream: &Upstream,
        endpoint: &Arc<Endpoint>,
        delivery: Delivery,
        request: &Request<'_>,
    ) -> Result<Delivered, Error> {
        let varies = plan::varies(&delivery.spec);
        let below = request.target.strip_prefix(&*endpoint.prefix);
        let below = below.unwrap_or(request.target);
        let shown = shown(&request.hints, varies, endpoint);
        let origin: Arc<dyn Origin> = Arc::new(upstream.forward(below, shown)?);
        let asset = &delivery.asset;
        let about = |error| Error::of(asset, error);
        let (body, found, etag, cache) = if asset.asset_type == AssetType::Image {
            let wanted = match find(endpoint, asset, request.host).await {
                Ok(own) => Found {
                    key: format!("{}\n{below}", own.origin.name()).into(),
                    ..own.found
                },
                // Not ours, or not to be had: the service's own identity is as good.
                Err(_) => origin.find(asset).await.map_err(about)?,
            };
            let derived = self.derive(endpoint, &delivery, &origin, &wanted, request);
            match derived.await? {
                (Body::Original, _, cache) => {
                    let found = origin.find(asset).await.map_err(about)?;
                    let etag = found.etag.clone();
                    (Body::Original, found, etag, cache)
                }
                (body, etag, cache) => (body, wanted, etag, cache),
            }
        } else {
            let found = origin.find(asset).await.map_err(about)?;
            let etag = found.etag.clone();
            (Body::Original, found, etag, CacheState::Bypass)
        };
        if matches!(cache, CacheState::Miss | CacheState::Bypass) {
            count(&self.shared.counters.upstream);
        }
        Ok(Delivered {
            notes: notes(&delivery.notes, origin.name()),
            varies,
            attachment: delivery.spec.output.attachment,
            asset: delivery.asset,
            missing: None,
            endpoint: endpoint.clone(),
            origin,
            found,
            body,
            etag,
            cache,
        })
    }
}

/// The headers by which the service chooses as it would for this client.
fn shown(hints: &Hints, varies: Varies, endpoint: &Endpoint) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: String| {
        headers.extend(plain_header(name, &value));
    };
    if varies.accept {
        // Only formats that are told apart in keys of results.
        let named = endpoint.f_auto.iter().filter(|f| hints.accepts.contains(f));
        let types: Vec<&str> = named.copied().map(Format::media_type).collect();
        add(
            "accept",
            [types.join(","), "image/*,*/*;q=0.8".to_owned()].join(","),
        );
    }
    if let Some(dpr) = hints.dpr.filter(|_| varies.dpr) {
        let _ = dpr;
        add("sec-ch-dpr", hints.dpr_up().to_string());
    }
    if let Some(width) = hints.width.filter(|_| varies.width) {
        add("sec-ch-width", width.to_string());
    }
    headers
}

/// What was lacking here is done, if not by us.
fn notes(notes: &[Note], origin: &str) -> Notes {
    let elsewhere = |note: &Note| Note {
        level: NoteLevel::Approximated,
        parameter: note.parameter.clone(),
        message: format!("rendered by the origin {origin}").into(),
    };
    let mut told: Notes = notes
        .iter()
        .map(|note| match note.level {
            NoteLevel::Unsupported => elsewhere(note),
            NoteLevel::Ignored | NoteLevel::Approximated => note.clone(),
        })
        .collect();
    if !told
        .iter()
        .any(|note| note.message.starts_with("rendered by"))
    {
        told.push(Note {
            level: NoteLevel::Approximated,
            parameter: "source".into(),
            message: format!("rendered by the origin {origin}").into(),
        });
    }
    told
}
