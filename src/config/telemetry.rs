//! `[telemetry]`: where traces go.

use serde::Serialize;

use super::section::Section;
use super::value as v;
use super::web;
use crate::trace::Share;

/// `[telemetry]`: where traces go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Telemetry {
    /// Base URL of a collector that takes OTLP over HTTP; `None`: no traces are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What the collector calls this service.
    pub service_name: String,
    /// Which part of the requests is traced whose callers have not decided.
    pub sample: Share,
}

/// Reads the section, all of whose keys have defaults.
pub(super) fn read(mut section: Section<'_, '_>) -> Telemetry {
    let telemetry = Telemetry {
        endpoint: section.get("endpoint", web::base_url),
        service_name: section.or("service_name", v::header, "cldgate".to_owned()),
        sample: section.or("sample", v::share, Share::ALL),
    };
    section.finish();
    telemetry
}
