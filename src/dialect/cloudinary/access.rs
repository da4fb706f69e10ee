//! Who may see what: signatures, and the access tokens that stand for one.

use crate::dialect::signature::{self, Secret};
use crate::dialect::token::{self, Fault};
use crate::dialect::{Client, Error, Note, NoteLevel, Notes, Rules, SignatureFault};
use crate::grammar::{DeliveryType, DeliveryUrl, UrlText};

/// Refuses a URL whose signature is wrong, or missing where the asset, or with `sealed` a layer, needs one and no
/// access token stands for it.
pub(super) fn check(
    rules: &Rules,
    client: &Client<'_>,
    text: &UrlText<'_>,
    url: &DeliveryUrl<'_>,
    sealed: bool,
    notes: &mut Notes,
) -> Result<(), Error> {
    let needed = sealed
        || match url.head.delivery_type {
            DeliveryType::Authenticated => true,
            // Derived pictures of a private asset are public, its original is not.
            DeliveryType::Private => url.chain.is_empty(),
            _ => false,
        };
    match (url.head.signature, &rules.signing_secret) {
        (None, _) if needed => opened(rules, client, text, url),
        (None, _) => Ok(()),
        (Some(_), None) if needed => Err(Error::Signature(SignatureFault::NoSecret)),
        (Some(written), None) => {
            notes.push(Note {
                level: NoteLevel::Ignored,
                parameter: format!("s--{}--", written.text).into(),
                message: "the signature is not checked: no signing secret is configured".into(),
            });
            Ok(())
        }
        (Some(written), Some(secret)) => {
            // What matches once is enough: SDKs differ in which form of the text they sign.
            let forms = [raw_text(text, url), decoded_text(url)];
            if signed(secret, written.text, &forms) {
                Ok(())
            } else {
                Err(Error::Signature(SignatureFault::Wrong))
            }
        }
    }
}

/// Whether an access token stands for the signature that is not there.
fn opened(
    rules: &Rules,
    client: &Client<'_>,
    text: &UrlText<'_>,
    url: &DeliveryUrl<'_>,
) -> Result<(), Error> {
    let missing = Err(Error::Signature(SignatureFault::Missing));
    let Some(tokens) = &rules.tokens else {
        return missing;
    };
    let in_query = url.head.query.and_then(|query| tokens.in_query(query));
    let Some(token) = in_query.or_else(|| tokens.in_cookies(client.cookies?)) else {
        return missing;
    };
    let Some(now) = client.now else {
        return Err(Error::Token(Fault::NoClock));
    };
    // SDKs differ in what they sign: the path as it is sent, with or without the rest of the query, or decoded.
    let sent = text.raw_path();
    let with_query = url.head.query.and_then(|query| tokens.without(query));
    let with_query = with_query.map(|query| format!("{sent}?{query}"));
    let check = |path: &str| token::verify(&tokens.key, token, path, now, client.address);
    check(sent)
        .or_else(|fault| match fault {
            Fault::Wrong | Fault::OtherPath => check(text.path()),
            fault => Err(fault),
        })
        .or_else(|fault| match (fault, &with_query) {
            (Fault::Wrong, Some(path)) => check(path),
            _ => Err(fault),
        })
        .map_err(Error::Token)
}

fn signed(secret: &Secret, written: &str, forms: &[String; 2]) -> bool {
    let [raw, once] = forms;
    signature::verify(secret, written, raw)
        || signature::verify(secret, written, once)
        || signature::verify(secret, written, &signature::decode_until_stable(once))
}

/// The signed text as it stands in the URL: components and ID, without what lies around them.
fn raw_text(text: &UrlText<'_>, url: &DeliveryUrl<'_>) -> String {
    let components: Vec<&str> = url
        .chain
        .iter()
        .map(|component| text.raw_slice(component.span))
        .collect();
    join(
        components,
        text.raw_slice(url.asset.span),
        suffixed_extension(url),
    )
}

fn decoded_text(url: &DeliveryUrl<'_>) -> String {
    let components: Vec<&str> = url.chain.iter().map(|component| component.text).collect();
    match &url.asset.remote {
        Some(remote) => join(components, remote, None),
        None => join(components, &url.asset.with_extension(), None),
    }
}

/// Behind an SEO suffix the extension does not follow the ID, and is signed as if it did.
fn suffixed_extension<'a>(url: &DeliveryUrl<'a>) -> Option<&'a str> {
    url.head.seo_suffix.and(url.asset.extension)
}

fn join(components: Vec<&str>, id: &str, extension: Option<&str>) -> String {
    let mut signed = components.join("/");
    if !signed.is_empty() {
        signed.push('/');
    }
    signed.push_str(id);
    if let Some(extension) = extension {
        signed.push('.');
        signed.push_str(extension);
    }
    signed
}
