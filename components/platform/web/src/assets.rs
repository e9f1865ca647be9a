//! The stylesheet, the script and the icon. Their addresses change with what they hold, so a browser keeps them
//! for good.

use madang::http::Response;

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/refresh.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The stylesheet's address.
pub(crate) fn style() -> String {
    address("style.css", const { mark(STYLE) })
}

/// The script's address.
pub(crate) fn script() -> String {
    address("refresh.js", const { mark(SCRIPT) })
}

/// The icon's address.
pub(crate) fn icon() -> String {
    address("icon.svg", const { mark(ICON) })
}

fn address(file: &str, mark: u64) -> String {
    format!("/pages/{file}?{mark:016x}")
}

/// FNV-1a: enough to tell one version from the next.
const fn mark(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// One of them.
pub(crate) fn get(file: &str) -> Option<Response> {
    let (kind, text) = match file {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "refresh.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return None,
    };
    let mut response = Response::empty(200)
        .with("content-type", kind)
        .with("cache-control", "public, max-age=31536000, immutable")
        .with("x-content-type-options", "nosniff");
    response.body = text.as_bytes().to_vec();
    Some(response)
}
