//! What a drawing asks for that is not drawn, or otherwise than asked: found in its text.

/// Functions of colours beyond `rgb()` and `hsl()`.
const COLOURS: [&str; 9] = [
    "oklch(",
    "oklab(",
    "lch(",
    "lab(",
    "hwb(",
    "color(",
    "color-mix(",
    "light-dark(",
    "device-cmyk(",
];

/// One sentence for each.
pub(super) fn of(text: &str) -> Vec<&'static str> {
    let cases = [
        (
            text.contains("var(--"),
            "a drawing with CSS variables: what they colour may be black",
        ),
        (
            COLOURS.iter().any(|function| text.contains(function)) || has_spaced_colours(text),
            "a drawing with colours of CSS Color 4: they may be black",
        ),
        (
            text.contains("<foreignObject") || text.contains(":foreignObject"),
            "a drawing with HTML in it, which is not drawn",
        ),
        (
            leads_away(text),
            "a drawing that names other files, which are not fetched",
        ),
        (
            text.contains("<animate") || text.contains("@keyframes"),
            "a drawing that moves: its beginning is drawn",
        ),
    ];
    let found = cases.into_iter().filter(|(holds, _)| *holds);
    found.map(|(_, message)| message).collect()
}

/// Whether there is `rgb()` or `hsl()` without commas.
fn has_spaced_colours(text: &str) -> bool {
    ["rgb(", "rgba(", "hsl(", "hsla("].iter().any(|function| {
        text.split(function).skip(1).any(|rest| {
            let inside = rest.split(')').next().unwrap_or(rest);
            !inside.contains(',') && inside.trim().contains(' ')
        })
    })
}

/// Bytes of an element's name that are looked at.
const LONGEST_NAME: usize = 64;

/// Whether pictures, shapes or styles come from elsewhere. Links for readers do not count.
fn leads_away(text: &str) -> bool {
    // The element is found on the way forward, so that a long text is walked through once.
    let (mut from, mut opened) = (0, 0);
    let hrefs = text.match_indices("href").any(|(at, _)| {
        if let Some(open) = text.get(from..at).and_then(|passed| passed.rfind('<')) {
            opened = from + open + 1;
        }
        from = at;
        let value = text.get(at + 4..).unwrap_or_default().trim_start();
        let value = value.strip_prefix('=').map(str::trim_start);
        let value = value.and_then(|value| value.strip_prefix(['"', '\'']));
        let name = text.as_bytes().get(opened..at).unwrap_or_default();
        let name = name.get(..LONGEST_NAME).unwrap_or(name);
        let name = name.split(u8::is_ascii_whitespace).next();
        let is_link = name.is_some_and(|name| name.rsplit(|&c| c == b':').next() == Some(b"a"));
        !is_link
            && value.is_some_and(|value| {
                let value = value.trim_start();
                !value.starts_with(['#', '"', '\'', '&']) && !value.starts_with("data:")
            })
    });
    let from = ["url(http", "url('http", "url(\"http", "url(//", "@import"];
    hrefs || from.iter().any(|from| text.contains(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_are_not_drawn_are_found() {
        let cases = [
            ("<rect style=\"fill:var(--c)\"/>", "variables"),
            ("<rect fill=\"rgb(0 170 0 / 50%)\"/>", "Color 4"),
            ("<rect fill=\"oklch(0.7 0.1 20)\"/>", "Color 4"),
            ("<foreignObject width=\"9\"/>", "HTML"),
            ("<image href=\"https://a.example/b.png\"/>", "other files"),
            ("<use xlink:href='b.svg#c'/>", "other files"),
            ("<style>@import url(a.css)</style>", "other files"),
            ("<animate attributeName=\"x\"/>", "moves"),
        ];
        for (text, word) in cases {
            let found = of(text);
            assert!(
                found.len() == 1 && found[0].contains(word),
                "{text} {found:?}"
            );
        }
        let fine = "<a href=\"https://a.example\"><use href='#b'/><image xlink:href=\"data:image/png;base64,AA\"/>
            <rect fill=\"rgb(1, 2, 3)\" stroke=\"url(#g)\" style=\"fill:rgba(1,2,3,0.5)\"/></a>";
        assert_eq!(of(fine), Vec::<&str>::new());
    }

    #[test]
    fn a_text_of_nothing_but_references_is_walked_through_once() {
        let text = format!("<desc>{}</desc>", "href".repeat(1 << 20));
        assert_eq!(of(&text), Vec::<&str>::new());
    }
}
