//! MessagePack, as far as a script's arguments need it: lists of texts, and lists of such lists. One
//! argument instead of a hundred: each costs a copy in the component, in the host and in Redis.

/// A list that grows at its end.
pub(crate) struct Pack {
    bytes: Vec<u8>,
    count: u32,
}

impl Pack {
    pub(crate) fn new() -> Self {
        // An array whose length is filled in at the end.
        Pack { bytes: vec![0xdd, 0, 0, 0, 0], count: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.count += 1;
        self.write(text);
    }

    /// Adds a list of texts.
    pub(crate) fn list(&mut self, texts: &[&[u8]]) {
        self.count += 1;
        let length = u16::try_from(texts.len()).unwrap_or(u16::MAX);
        self.bytes.push(0xdc);
        self.bytes.extend(length.to_be_bytes());
        for text in &texts[..length.into()] {
            self.write(text);
        }
    }

    /// Adds all of another list's.
    pub(crate) fn append(&mut self, other: Pack) {
        self.count += other.count;
        self.bytes.extend_from_slice(&other.bytes[5..]);
    }

    /// The bytes, for `cmsgpack.unpack`.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes[1..5].copy_from_slice(&self.count.to_be_bytes());
        self.bytes
    }

    fn write(&mut self, text: &[u8]) {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        match length {
            0..32 => self.bytes.push(0xa0 | length as u8),
            _ => {
                self.bytes.push(0xdb);
                self.bytes.extend(length.to_be_bytes());
            }
        }
        self.bytes.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_messagepack() {
        let mut pack = Pack::new();
        pack.text(b"ab");
        pack.list(&[b"c", b""]);
        assert_eq!(
            pack.finish(),
            [0xdd, 0, 0, 0, 2, 0xa2, b'a', b'b', 0xdc, 0, 2, 0xa1, b'c', 0xa0]
        );
    }

    #[test]
    fn long_texts_say_how_long() {
        let mut pack = Pack::new();
        pack.text(&[b'x'; 300]);
        assert_eq!(pack.finish()[5..10], [0xdb, 0, 0, 1, 44]);
    }
}
