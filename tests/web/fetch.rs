//! Which remote pictures are fetched, and which never?

use cldgate::origin::guard::HostEntry;
use cldgate::origin::{Error, Fetch, FetchRules, ListingLife, Mapping, Origin, Url};
use cldgate::spec::{AssetRef, DeliveryType};

use super::{hasty, image, read};
use crate::faults::{Reply, Server};

fn remote(url: &str) -> AssetRef {
    AssetRef {
        delivery_type: DeliveryType::Fetch,
        ..image(url, None)
    }
}

fn fetch(hosts: &[&str], private_addresses: bool, mappings: Vec<Mapping>) -> Fetch {
    let hosts = hosts
        .iter()
        .map(|host| HostEntry::read(host).expect("an entry"));
    let rules = FetchRules {
        hosts: hosts.collect(),
        private_addresses,
        mappings,
        patience: hasty(),
        life: ListingLife::default(),
    };
    Fetch::new("remote", rules).expect("an origin")
}

#[tokio::test]
async fn only_listed_hosts_are_fetched_from() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/pic.png?size=2&x=a%20b" => Reply::ok("bytes", &[("content-type", "image/png")]),
        "/page" => Reply::ok("<script>", &[("content-type", "text/html")]),
        "/away" => Reply::redirect("http://169.254.169.254/"),
        "/other" => Reply::redirect("http://example.org/pic.png"),
        _ => Reply::status(404),
    })
    .await;
    let base = server.base();
    let listed = server.address.to_string();
    let origin = fetch(&[&listed], true, Vec::new());
    let found = origin
        .find(&remote(&format!("{base}/pic.png?size=2&x=a b#part")))
        .await;
    let found = found.expect("found");
    assert_eq!(found.extension.as_deref(), Some("png"));
    assert_eq!(origin.read(&found, 9).await.expect("read"), "bytes");
    let page = origin
        .find(&remote(&format!("{base}/page")))
        .await
        .expect("found");
    assert_eq!(
        page.extension, None,
        "it is looked into before it goes out as a picture"
    );
    let missing = origin.find(&remote(&format!("{base}/none.png"))).await;
    assert!(missing.is_err_and(|error| error.is_not_found()));
    for url in [
        format!("{base}/away"),
        format!("{base}/other"),
        "http://example.org/pic.png".to_owned(),
        "http://localhost/pic.png".to_owned(),
        "ftp://example.org/pic.png".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://".to_owned(),
        "nonsense".to_owned(),
    ] {
        let error = origin.find(&remote(&url)).await.expect_err("refused");
        assert!(matches!(error, Error::Forbidden { .. }), "{url}: {error:?}");
    }
    let hits = server.hits();
    let public_only = fetch(&[&listed], false, Vec::new());
    let nothing = fetch(&[], true, Vec::new());
    for origin in [public_only, nothing] {
        let error = origin
            .find(&remote(&format!("{base}/pic.png")))
            .await
            .expect_err("refused");
        assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    }
    assert_eq!(server.hits(), hits, "what is refused is not asked for");
}

#[tokio::test]
async fn a_folder_may_stand_for_a_url() {
    let server = Server::start(|_| Reply::ok("bytes", &[])).await;
    let mapping = |folder: &str, path: &str| Mapping {
        folder: folder.into(),
        url: Url::parse(&format!("{}{path}", server.base())).expect("a URL"),
    };
    let mappings = vec![
        mapping("remote", "/short/"),
        mapping("remote/media", "/long"),
    ];
    let origin = fetch(&[], false, mappings);
    for (id, extension, path) in [
        ("remote/a/b c", Some("jpg"), "/short/a/b%20c.jpg"),
        ("remote/media/a", Some("png"), "/long/a.png"),
        ("remote/mediamogul/a", None, "/short/mediamogul/a"),
    ] {
        let bytes = read(&origin, &image(id, extension)).await;
        assert_eq!(bytes.expect(id), b"bytes");
        let last = server.asked().pop().expect("a request");
        assert_eq!(last.target, path);
    }
    let hits = server.hits();
    for id in ["remote", "remotes/a", "other/a", "remote/../secret"] {
        let missing = origin.find(&image(id, None)).await;
        assert!(missing.is_err_and(|error| error.is_not_found()), "{id}");
    }
    // The mapped place is no listed host.
    let direct = origin
        .find(&remote(&format!("{}/short/a", server.base())))
        .await;
    assert!(matches!(direct, Err(Error::Forbidden { .. })), "{direct:?}");
    assert_eq!(server.hits(), hits);
}
