//! A bucket: one client for every S3-compatible store, used by origins and by whatever else keeps
//! objects.
//!
//! | module | what |
//! | --- | --- |
//! | [`self`] | what a bucket needs to be reached, and the client made from it |
//! | `ops` | the calls: list, head, get, put, delete |
//! | `fault` | what a store's refusals mean |

mod fault;
mod ops;

use std::fmt;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::default_provider::region::DefaultRegionChain;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, StalledStreamProtectionConfig,
};
use tokio::sync::OnceCell;

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
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How often a call is tried in all when the store fails, throttles or resets; from 1.
    pub attempts: u32,
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
            timeouts: Timeouts::default(),
            attempts: 3,
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

/// How long a store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To accept a connection.
    pub connect: Duration,
    /// To begin its answer; while a body comes, to send the next of it.
    pub first_byte: Duration,
    /// For everything but streaming, all attempts together.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// A client of one bucket. It is made at its first use, for asking the environment for credentials
/// takes time and may need a network.
pub struct Client {
    name: Box<str>,
    config: Config,
    sdk: OnceCell<aws_sdk_s3::Client>,
}

impl Client {
    /// `name` stands in errors.
    #[must_use]
    pub fn new(name: &str, config: Config) -> Self {
        Self {
            name: name.into(),
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

    /// The client that does the work, for calls that are not offered here.
    pub async fn sdk(&self) -> &aws_sdk_s3::Client {
        self.sdk.get_or_init(|| connect(&self.config)).await
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
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.timeouts.connect)
        .read_timeout(config.timeouts.first_byte)
        .operation_timeout(config.timeouts.total)
        .build();
    let stalled = StalledStreamProtectionConfig::enabled()
        .grace_period(config.timeouts.first_byte)
        .build();
    let mut builder = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.clone())
        .force_path_style(config.path_style)
        .timeout_config(timeouts)
        .stalled_stream_protection(stalled)
        .retry_config(RetryConfig::standard().with_max_attempts(config.attempts.max(1)))
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
