//! What a page is looked at with.

/// How a browser is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Width and height of the page in pixels.
    pub size: (u32, u32),
    /// Whether the reader prefers dark pages.
    pub dark: bool,
    /// The language that the reader prefers.
    pub lang: &'static str,
    /// Whether pages may run scripts.
    pub scripts: bool,
}

impl Look {
    /// A wide screen.
    pub const WIDE: Look = Look { size: (1280, 900), dark: false, lang: "en", scripts: true };
    /// A phone.
    pub const PHONE: Look = Look { size: (390, 844), ..Look::WIDE };
}
