//! Do inspection and rendering stay inside `[render] memory` together, whatever a chain has to look
//! at first?

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::admission::nothing_taken;
use crate::gateway::{Gateway, config_with, peak, scratch};

/// Render threads, and requests at once: one for each.
const THREADS: u64 = 24;

/// `[render] memory`. All threads together would take twice as much for their decoded pictures
/// alone.
const BUDGET: u64 = 500 << 20;

const WIDTH: usize = 4000;
const HEIGHT: usize = 3000;

/// A picture of 12 megapixels in a file of 170 KB: equal rows of a pattern inside a white frame of
/// 20 pixels.
fn large_png() -> Vec<u8> {
    let pixel = |x: usize, y: usize| {
        let inside = (20..WIDTH - 20).contains(&x) && (20..HEIGHT - 20).contains(&y);
        let value = u8::try_from((y * 7) & 127).expect("seven bits");
        if inside { value } else { 255 }
    };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    let mut rows = writer.stream_writer().expect("a stream");
    for y in 0..HEIGHT {
        let row: Vec<u8> = (0..WIDTH).flat_map(|x| [pixel(x, y); 3]).collect();
        rows.write_all(&row).expect("a row");
    }
    rows.finish().expect("the end");
    drop(writer);
    file
}

fn bucket() -> PathBuf {
    let bucket = scratch("memory");
    let folder = bucket.join("res/demo/image/upload/large");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("1700000000.png"), large_png()).expect("written");
    bucket
}

/// The most memory that a gateway has had once it has answered the same chain at 24 sizes at once.
async fn most_for(bucket: &std::path::Path, chain: &str) -> Option<u64> {
    // What waits for memory is in no haste: a slow machine must not cut it off.
    let tables = format!(
        "[limits]\nrender_time = \"10m\"\n[render]\nthreads = {THREADS}\nmemory = {BUDGET}\n"
    );
    let config = config_with(bucket, &tables, "", "");
    // What is taken is measured, not what the allocator keeps of it for a while.
    let at_once = [("MIMALLOC_PURGE_DELAY", "10")];
    let gateway = Arc::new(Gateway::start_with(&config, &at_once));
    let asked = (0..THREADS).map(|n| {
        let chain = chain.replace("{w}", &(100 + n).to_string());
        let gateway = gateway.clone();
        async move {
            let answer = gateway
                .get(&format!("/demo/image/upload/{chain}/large.png"))
                .await;
            assert_eq!(answer.status(), 200, "{chain}");
        }
    });
    futures_util::future::join_all(asked).await;
    nothing_taken(&gateway).await;
    peak(gateway.pid())
}

#[tokio::test(flavor = "multi_thread")]
async fn inspection_stays_inside_the_memory_budget() {
    let bucket = bucket();
    for chain in [
        "e_sepia/c_scale,w_{w}",
        "c_fill,g_north,w_{w},h_100",
        "e_trim/c_scale,w_{w}",
        "c_fill,g_auto,w_{w},h_100",
        "c_thumb,g_face,w_{w},h_100",
        "c_scale,w_{w}/l_text:Arial_900:Memory%20of%20texts/fl_layer_apply,g_center",
    ] {
        let Some(most) = most_for(&bucket, chain).await else {
            println!("skipped: this system does not tell what a process holds");
            break;
        };
        println!("{chain}: {} MiB at most", most >> 20);
        assert!(most <= BUDGET + BUDGET / 5, "{chain}: {most} bytes");
    }
    let _removed = std::fs::remove_dir_all(&bucket);
}
