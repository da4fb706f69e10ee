//! Writes a synthetic access log, the same at every run: what `cldgate audit` is measured with.
//!
//! ```text
//! cargo run --release --example make_log -- 1000000 > access.log
//! ```
//!
//! Half of the requests go to 20,000 popular URLs, the others to 2,000,000 that few ask for; with
//! `unique` behind the number no URL comes twice.

use std::io::{BufWriter, Write as _};

/// What pages ask for: mostly resizing, sometimes more.
const CHAINS: [&str; 12] = [
    "c_fill,w_300,h_300/",
    "c_limit,w_800/f_auto/q_auto/",
    "f_auto,q_auto,w_640,dpr_2.0/",
    "c_thumb,g_face,w_200,h_200,r_max/",
    "w_1200,h_630,c_pad,b_white/",
    "c_scale,w_auto/f_auto,q_auto:eco/",
    "e_sharpen:60,w_500/",
    "l_logo,w_80,g_south_east,x_10,y_10/c_fill,w_900,h_500/",
    "if_w_gt_800,c_scale,w_800/f_webp/",
    "t_product_large/",
    "c_fil,w_300/",
    "",
];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let lines: u64 = arguments
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let unique = arguments.next().is_some_and(|word| word == "unique");
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for line in 0..lines {
        // Xorshift: good enough to spread requests.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let url = match state >> 63 {
            _ if unique => line,
            0 => state % 20_000,
            _ => 20_000 + state % 2_000_000,
        };
        let chain = CHAINS
            .get(usize::try_from(url % 12).unwrap_or_default())
            .unwrap_or(&"");
        writeln!(
            out,
            "192.0.2.{} - - [10/Oct/2025:13:{:02}:{:02} +0000] \"GET /demo/image/upload/{chain}v{}/products/{}/photo-{url}.jpg HTTP/1.1\" 200 {} \"https://www.example.com/products/{}\" \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"",
            state % 254 + 1,
            line / 60 % 60,
            line % 60,
            1_500_000_000 + url,
            url % 977,
            state % 90_000,
            url % 977,
        )?;
    }
    out.flush()
}
