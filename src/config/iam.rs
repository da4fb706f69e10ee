//! The least that a configuration needs to be allowed, as a policy of AWS's.

use serde_json::{Value, json};

use super::{Bucket, Config, OriginKind, Store, StorePlace};
use crate::origin::locate::BackupLayout;

/// What is done with objects besides listing them.
#[derive(Clone, Copy)]
enum Use {
    Read,
    /// Read, written whole, removed.
    Kept,
    /// The same with large files, in parts.
    Library,
}

/// The policy for every bucket that the configuration names; `None` when it names none. Reading needs
/// to list and to get, never to write; a media library and the derived store are written too.
#[must_use]
pub fn policy(config: &Config) -> Option<Value> {
    let mut statements = Vec::new();
    for origin in &config.origins {
        let (bucket, folder, used) = match &origin.kind {
            OriginKind::CloudinaryBackup {
                store: Store::Bucket(bucket),
                folder,
                ..
            }
            | OriginKind::S3 { bucket, folder } => (bucket, folder, Use::Read),
            OriginKind::MediaLibrary {
                store: Store::Bucket(bucket),
                folder,
                ..
            } => (bucket, folder, Use::Library),
            _ => continue,
        };
        // Every layout's folder is written in the same ways.
        let layout = BackupLayout::new(folder);
        allow(&mut statements, bucket, layout.folder(), used);
    }
    let place = config.cache.store.as_ref().and_then(StorePlace::bucket);
    if let Some((bucket, folder)) = place {
        allow(&mut statements, &bucket, &folder, Use::Kept);
    }
    (!statements.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn allow(statements: &mut Vec<Value>, bucket: &Bucket, folder: &str, used: Use) {
    let number = statements.len() / 2 + 1;
    statements.push(list(number, bucket, folder));
    statements.push(objects(number, bucket, folder, used));
}

fn list(number: usize, bucket: &Bucket, folder: &str) -> Value {
    let mut statement = json!({
        "Sid": format!("List{number}"),
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": arn(bucket),
    });
    if !folder.is_empty()
        && let Some(statement) = statement.as_object_mut()
    {
        let below = json!({ "StringLike": { "s3:prefix": format!("{folder}*") } });
        statement.insert("Condition".to_owned(), below);
    }
    statement
}

fn objects(number: usize, bucket: &Bucket, folder: &str, used: Use) -> Value {
    let (what, actions) = match used {
        Use::Read => ("Read", json!("s3:GetObject")),
        Use::Kept => {
            let all = json!(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
            ("Keep", all)
        }
        Use::Library => {
            // A large file goes in parts, and what was sent of one that fails is taken back.
            let all = json!([
                "s3:GetObject",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
            ]);
            ("Write", all)
        }
    };
    json!({
        "Sid": format!("{what}{number}"),
        "Effect": "Allow",
        "Action": actions,
        "Resource": format!("{}/{folder}*", arn(bucket)),
    })
}

/// China and the US government have clouds of their own.
fn arn(bucket: &Bucket) -> String {
    let region = bucket.access.region.as_deref().unwrap_or_default();
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:s3:::{}", bucket.bucket)
}
