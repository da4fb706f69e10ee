//! A bucket: one client for every S3-compatible store, used by origins and by whatever else keeps
//! objects.
//!
//! | module | what |
//! | --- | --- |
//! | [`self`] | what a bucket needs to be reached, and the client made from it |
//! | `ops` | the calls: list, head, get, delete |
//! | `body` | an object's bytes as they come |
//! | `upload` | the calls that write |
//! | `fault` | what a store's refusals mean |
//! | `bounded` | how long an answer may be |

mod body;
mod bounded;
mod fault;
mod ops;
mod upload;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::default_provider::region::DefaultRegionChain;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, StalledStreamProtectionConfig,
};
use tokio::sync::OnceCell;

use self::bounded::Bounded;
use self::fault::Failed;
use super::lane::{Lane, RESTING, Shut};
use super::{Error, Patience};

/// Pauses before a call is repeated: a random part of a time that doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The region that is signed for where neither the configuration nor the environment names one.
const DEFAULT_REGION: &str = "us-east-1";

/// What a bucket needs to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its name.
    pub bucket: String,
    /// Its region; `None`: from the environment, as every AWS tool finds it.
    pub region: Option<String>,
    /// Base URL of a store that is not AWS's.
    pub endpoint: Option<String>,
    /// The bucket's name in the path instead of the host.
    pub path_style: bool,
    /// `None`: the standard chain of AWS tools (environment, profile, web identity, container,
    /// instance).
    pub keys: Option<Keys>,
    /// How long it may take, and how often it is asked.
    pub patience: Patience,
}

impl Config {
    /// A bucket of AWS's, reached in the standard way.
    #[must_use]
    pub fn new(bucket: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            region: None,
            endpoint: None,
            path_style: false,
            keys: None,
            patience: Patience::of_buckets(),
        }
    }
}

/// An access key and its secret. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key ID.
    pub access: String,
    /// The secret access key.
    pub secret: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// A client of one bucket. It is made at its first use, for asking the environment for credentials
/// takes time and may need a network.
pub struct Client {
    name: Box<str>,
    config: Config,
    sdk: OnceCell<aws_sdk_s3::Client>,
    lane: Lane,
}

impl Client {
    /// `name` stands in errors.
    #[must_use]
    pub fn new(name: &str, config: Config) -> Self {
        Self {
            name: name.into(),
            lane: Lane::new(&config.patience),
            config,
            sdk: OnceCell::new(),
        }
    }

    /// The name that errors tell.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the bucket is reached.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the store failed too often and has not been found back yet.
    #[must_use]
    pub fn is_out_of_order(&self) -> bool {
        self.lane.is_open()
    }

    /// The client that does the work, for calls that are not offered here.
    pub async fn sdk(&self) -> &aws_sdk_s3::Client {
        self.sdk.get_or_init(|| connect(&self.config)).await
    }

    /// One call with its repetitions: waits for room among all calls to this bucket, and is not made
    /// at all while the store rests. `limit`: how long it may take, which the SDK keeps too, but not
    /// for what comes behind an answer's head; `None` for uploads.
    async fn call<T>(
        &self,
        key: &str,
        limit: Option<Duration>,
        call: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        let turn = self.lane.enter().await.map_err(|shut| match shut {
            Shut::Resting => Failed::Store(self.unreachable(key, RESTING)),
            Shut::Full => Failed::Store(self.timeout(key)),
        })?;
        let result = match limit {
            Some(limit) => tokio::time::timeout(limit, call)
                .await
                .unwrap_or_else(|_| Err(Failed::Store(self.timeout(key)))),
            None => call.await,
        };
        turn.end(result.as_ref().is_err_and(Failed::is_outage));
        result
    }

    /// As [`Client::call`], within the total time.
    async fn brief<T>(
        &self,
        key: &str,
        call: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Error> {
        let limit = Some(self.config.patience.total);
        Ok(self.call(key, limit, call).await?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

async fn connect(config: &Config) -> aws_sdk_s3::Client {
    let region = match (&config.region, &config.endpoint) {
        (Some(region), _) => Some(Region::new(region.clone())),
        // Other stores mostly do not look at it, and the chain may wait for a network.
        (None, Some(_)) => None,
        (None, None) => DefaultRegionChain::builder().build().region().await,
    };
    let region = region.unwrap_or(Region::from_static(DEFAULT_REGION));
    let patience = &config.patience;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.first_byte)
        .operation_timeout(patience.total)
        .build();
    let stalled = StalledStreamProtectionConfig::enabled()
        .grace_period(patience.first_byte)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.retries.saturating_add(1))
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE);
    let mut builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .force_path_style(config.path_style)
        .timeout_config(timeouts)
        .stalled_stream_protection(stalled)
        .retry_config(retries)
        .interceptor(Bounded::Refusals)
        // Many compatible stores do not understand the checksums that AWS has lately made usual.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    builder.set_endpoint_url(config.endpoint.clone());
    match &config.keys {
        Some(keys) => {
            let named = Credentials::new(&keys.access, &keys.secret, None, None, "configuration");
            builder.set_credentials_provider(Some(
                aws_sdk_s3::config::SharedCredentialsProvider::new(named),
            ));
        }
        None => {
            let chain = DefaultCredentialsChain::builder()
                .region(region)
                .build()
                .await;
            builder.set_credentials_provider(Some(
                aws_sdk_s3::config::SharedCredentialsProvider::new(chain),
            ));
        }
    }
    aws_sdk_s3::Client::from_conf(builder.build())
}
