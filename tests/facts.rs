//! What a client is told about a picture, and which of its frames it gets.

use cldgate::render::probe;
use cldgate::spec::Format;
use reqwest::StatusCode;

use crate::gateway::{Gateway, scratch};

async fn body(gateway: &Gateway, url: &str, accept: &str) -> (StatusCode, String, Vec<u8>) {
    let response = gateway.ask(url, &[("accept", accept)]).await;
    let status = response.status();
    let kind = response.headers().get("content-type");
    let kind = kind
        .map_or("", |kind| kind.to_str().expect("text"))
        .to_owned();
    (
        status,
        kind,
        response.bytes().await.expect("a body").to_vec(),
    )
}

#[tokio::test]
async fn facts_agree_with_the_bytes() {
    let gateway = Gateway::demo("");
    for (components, id) in [
        ("c_fill,w_300,h_200", "folder/photo.jpg"),
        ("c_limit,w_90/f_webp", "sample.jpg"),
        ("c_scale,w_100/a_90", "sample.png"),
        ("c_scale,h_60", "rotated.jpg"),
        ("c_fill,g_auto,w_100,h_100", "sample.jpg"),
        ("fl_progressive/c_scale,w_40,dpr_2.0", "sample.jpg"),
    ] {
        let picture = format!("/demo/image/upload/{components}/{id}");
        let facts = format!("/demo/image/upload/{components}/fl_getinfo/{id}");
        let (_, _, made) = body(&gateway, &picture, "*/*").await;
        let (status, kind, told) = body(&gateway, &facts, "*/*").await;
        assert_eq!(
            (status, kind.as_str()),
            (StatusCode::OK, "application/json"),
            "{facts}"
        );
        let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
        let seen = probe(&made).expect("a picture");
        assert_eq!(told["output"]["width"], seen.size.width, "{facts}");
        assert_eq!(told["output"]["height"], seen.size.height, "{facts}");
        assert_eq!(told["output"]["bytes"], made.len(), "{facts}");
        assert_eq!(told["output"]["format"], seen.format.word(), "{facts}");
        assert_eq!(
            told["g_auto_info"].is_array(),
            components.contains("g_auto"),
            "{facts}"
        );
    }
    // Of a picture that is not changed: the stored file, measured as it is seen.
    let (_, _, told) = body(&gateway, "/demo/image/upload/fl_getinfo/rotated.jpg", "*/*").await;
    let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(
        told["input"],
        serde_json::json!({
            "width": told["output"]["width"],
            "height": told["output"]["height"],
            "bytes": told["output"]["bytes"],
        })
    );
    assert!(told["input"]["height"].as_u64() > told["input"]["width"].as_u64());
}

#[tokio::test]
async fn frames_go_to_clients_that_can_play_them() {
    let gateway = Gateway::demo("");
    let id = "animated/lighthouse";
    let frames = {
        let (_, _, stored) = body(&gateway, &format!("/demo/image/upload/{id}.gif"), "*/*").await;
        probe(&stored).expect("a GIF").frames
    };
    assert!(frames > 1);
    for (path, accept, format, expected) in [
        (format!("c_scale,w_60/{id}.gif"), "*/*", Format::Gif, frames),
        (format!("c_scale,w_60/{id}"), "*/*", Format::Gif, frames),
        (
            format!("c_scale,w_60/f_auto/{id}.gif"),
            "*/*",
            Format::Gif,
            frames,
        ),
        (
            format!("c_scale,w_60/f_auto/{id}.gif"),
            "image/avif,image/webp,*/*",
            Format::WebP,
            frames,
        ),
        (
            format!("c_scale,w_60/f_webp,fl_awebp/{id}.gif"),
            "*/*",
            Format::WebP,
            frames,
        ),
        (
            format!("c_scale,w_60/f_webp/{id}.gif"),
            "*/*",
            Format::WebP,
            1,
        ),
        (
            format!("c_scale,w_60/f_png,fl_apng/{id}.gif"),
            "*/*",
            Format::Png,
            frames,
        ),
        (format!("c_scale,w_60/{id}.png"), "*/*", Format::Png, 1),
        (format!("c_scale,w_60/{id}.jpg"), "*/*", Format::Jpeg, 1),
        (format!("c_scale,w_60,pg_2/{id}.gif"), "*/*", Format::Gif, 1),
        (format!("pg_2-4;6/{id}.gif"), "*/*", Format::Gif, 4),
        (
            format!("c_scale,w_60,pg_3-/{id}.gif"),
            "*/*",
            Format::Gif,
            frames - 2,
        ),
        (format!("pg_2-4/{id}.png"), "*/*", Format::Png, 1),
        (format!("e_reverse/{id}.gif"), "*/*", Format::Gif, frames),
        (
            format!("pg_1-3/e_boomerang/e_accelerate:50/f_png,fl_apng/{id}.gif"),
            "*/*",
            Format::Png,
            6,
        ),
        (
            format!("if_w_gt_10/e_boomerang/if_else/e_loop/if_end/{id}.gif"),
            "*/*",
            Format::Gif,
            // The last one stands twice as long.
            2 * frames - 1,
        ),
        // The first frame, in motion.
        (
            format!("e_zoompan:du_1;fps_10/c_scale,w_60/{id}.gif"),
            "*/*",
            Format::Gif,
            10,
        ),
        (
            format!("e_zoompan:du_1;fps_10/f_auto/{id}.gif"),
            "image/webp",
            Format::WebP,
            10,
        ),
        (
            format!("e_zoompan:du_1;fps_10/{id}.jpg"),
            "*/*",
            Format::Jpeg,
            1,
        ),
        (
            format!("pg_1/f_webp,fl_awebp/{id}.gif"),
            "*/*",
            Format::WebP,
            1,
        ),
    ] {
        let (status, kind, made) =
            body(&gateway, &format!("/demo/image/upload/{path}"), accept).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let seen = probe(&made).expect("a picture");
        assert_eq!(kind, format.media_type(), "{path}");
        assert_eq!(
            (seen.format, seen.frames),
            (format, expected),
            "{path} for {accept}"
        );
    }
    let boomerangs = "e_boomerang/".repeat(20);
    for chain in ["pg_999/", "pg_2-999/", "pg_2;999/", &boomerangs] {
        let path = format!("/demo/image/upload/{chain}{id}.gif");
        let (status, ..) = body(&gateway, &path, "*/*").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{chain}");
    }
}

/// JPEG XL is never played: its first frame is shown with a note, or the one that is named.
#[tokio::test]
async fn a_frame_of_jpeg_xl_is_shown_with_a_note() {
    let folder = scratch("jxl");
    let source = include_bytes!("fixtures/colour/moving.jxl");
    std::fs::write(folder.join("moving.jxl"), source).expect("a file");
    let gateway = Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[[origin]]\nname = \"own\"\nkind = \"folder\"\npath = '{}'\n\
         [[endpoint]]\nname = \"own\"\norigins = [\"own\"]\n",
        folder.display()
    ))
    .owning(folder);
    assert_eq!(probe(source).expect("a picture").frames, 2);
    for (chain, noted, light) in [
        ("f_png", true, 40),
        ("c_scale,w_12/f_auto", true, 40),
        ("f_gif", true, 40),
        ("pg_2/f_png", false, 200),
    ] {
        let path = format!("/demo/image/upload/{chain}/moving");
        let answer = gateway.ask(&path, &[("accept", "image/webp,*/*")]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{chain}");
        let notes = answer.headers().get("x-cldgate-notes");
        let notes = notes.map_or("", |notes| notes.to_str().expect("text"));
        assert_eq!(
            notes.contains("the first frame is shown"),
            noted,
            "{chain}: {notes}"
        );
        let made = answer.bytes().await.expect("a body");
        let seen = probe(&made).expect("a picture");
        assert_eq!(seen.frames, 1, "{chain}");
        if seen.format == Format::Png {
            let picture = image_of(&made);
            assert_eq!(picture.first(), Some(&light), "{chain}");
        }
    }
}

/// The samples of a PNG.
fn image_of(file: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .expect("a PNG");
    let mut samples = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut samples).expect("a picture");
    samples
}

/// Flags that say how a file is read and written, over files that are made here.
#[tokio::test]
async fn flags_of_tiff_and_svg() {
    let folder = scratch("flags");
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" onload="alert(1)"><rect width="8" height="8" fill="#123"/></svg>"##;
    std::fs::write(folder.join("drawing.svg"), svg).expect("a file");
    let sheer = image::RgbaImage::from_pixel(8, 8, image::Rgba([200, 100, 50, 90]));
    sheer.save(folder.join("sheer.tif")).expect("a file");
    let gateway = Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[[origin]]\nname = \"own\"\nkind = \"folder\"\npath = '{}'\n\
         [[endpoint]]\nname = \"own\"\norigins = [\"own\"]\n",
        folder.display()
    ))
    .owning(folder.clone());
    let (status, kind, made) = body(&gateway, "/demo/image/upload/drawing.svg", "*/*").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "image/svg+xml"));
    assert_eq!(made, svg.as_bytes());
    let path = "/demo/image/upload/fl_sanitize/drawing.svg";
    let (status, kind, made) = body(&gateway, path, "*/*").await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "image/svg+xml"));
    let made = String::from_utf8(made).expect("text");
    assert!(
        made.contains("#112233") && !made.contains("onload"),
        "{made}"
    );
    // What a drawing asks for and is not drawn is told; so are the facts of a packed one.
    let asks = svg.replace("#123", "var(--c, rgb(0 170 0 / 50%))");
    std::fs::write(folder.join("asks.svg"), asks).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, svg.as_bytes()).expect("memory");
    std::fs::write(folder.join("packed.svgz"), packed.finish().expect("memory")).expect("a file");
    let answer = gateway
        .ask("/demo/image/upload/w_4/f_png/asks.svg", &[])
        .await;
    let notes = answer.headers().get("x-cldgate-notes");
    let notes = notes.map_or("", |notes| notes.to_str().expect("text"));
    assert!(
        notes.contains("CSS variables") && notes.contains("CSS Color 4"),
        "{notes}"
    );
    let (_, _, info) = body(&gateway, "/demo/image/upload/fl_getinfo/packed.png", "*/*").await;
    let info = String::from_utf8(info).expect("text");
    assert!(info.contains("\"width\":8"), "{info}");
    // A file without a clipping path is told so.
    let path = "/demo/image/upload/fl_clip/sheer.tif";
    let answer = gateway.ask(path, &[]).await;
    let notes = answer.headers().get("x-cldgate-notes");
    let notes = notes.map_or("", |notes| notes.to_str().expect("text"));
    assert!(notes.contains("no clipping path"), "{notes}");
    // The chain, the compression (tag 259) of the file, and whether it has alpha.
    for (chain, compression, alpha) in [
        ("fl_tiff8_lzw", 5, true),
        ("fl_group4", 4, false),
        ("fl_ignore_mask_channels,fl_tiff8_lzw", 5, false),
        ("fl_ignore_mask_channels", 1, false),
    ] {
        let path = format!("/demo/image/upload/{chain}/sheer.tif");
        let (status, _, made) = body(&gateway, &path, "*/*").await;
        assert_eq!(status, StatusCode::OK, "{chain}");
        let seen = probe(&made).expect("a picture");
        assert_eq!((seen.format, seen.alpha), (Format::Tiff, alpha), "{chain}");
        let entry = made
            .windows(12)
            .find(|entry| entry.starts_with(&[3, 1, 3, 0, 1, 0, 0, 0]));
        assert_eq!(entry.map(|entry| entry[8]), Some(compression), "{chain}");
    }
}
