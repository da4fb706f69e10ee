//! The least that a configuration needs to be allowed, as a policy of AWS's.

use serde_json::{Value, json};

use super::{Bucket, Config, OriginKind, Store};
use crate::origin::locate::BackupLayout;

/// The policy for every bucket that the configuration names; `None` when it names none. Reading needs
/// to list and to get, never to write; a media library is written too.
#[must_use]
pub fn policy(config: &Config) -> Option<Value> {
    let mut statements = Vec::new();
    for origin in &config.origins {
        let (bucket, folder, written) = match &origin.kind {
            OriginKind::CloudinaryBackup {
                store: Store::Bucket(bucket),
                folder,
                ..
            }
            | OriginKind::S3 { bucket, folder } => (bucket, folder, false),
            OriginKind::MediaLibrary {
                store: Store::Bucket(bucket),
                folder,
                ..
            } => (bucket, folder, true),
            _ => continue,
        };
        // Every layout's folder is written in the same ways.
        let layout = BackupLayout::new(folder);
        let number = statements.len() / 2 + 1;
        statements.push(list(number, bucket, layout.folder()));
        statements.push(objects(number, bucket, layout.folder(), written));
    }
    (!statements.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": statements }))
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

fn objects(number: usize, bucket: &Bucket, folder: &str, written: bool) -> Value {
    let (what, actions) = if written {
        // A large file goes in parts, and what was sent of one that fails is taken back.
        let all = json!([
            "s3:GetObject",
            "s3:PutObject",
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
        ]);
        ("Write", all)
    } else {
        ("Read", json!("s3:GetObject"))
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
    let region = bucket.region.as_deref().unwrap_or_default();
    let partition = if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    };
    format!("arn:{partition}:s3:::{}", bucket.bucket)
}
