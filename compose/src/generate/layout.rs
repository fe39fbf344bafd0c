//! Lays out constant data in linear memory as the canonical ABI requires.
//!
//! See "Canonical ABI" in the component model's specification. A record is its fields in order,
//! each aligned to its own size. A string or list is a pointer and a length. A variant is its
//! discriminant, then the payload, aligned to the largest alignment of its cases.

/// The first address that generated modules use, so that no pointer is null.
pub const BASE: u32 = 16;

/// A growing image of linear memory, starting at [`BASE`].
#[derive(Default)]
pub struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// The bytes for a data segment at [`BASE`].
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The first free address, aligned for any value.
    #[must_use]
    pub fn end(&self) -> u32 {
        (BASE + len32(&self.bytes)).next_multiple_of(16)
    }

    /// Places bytes at an aligned address and returns the address.
    pub fn place(&mut self, bytes: &[u8], align: usize) -> u32 {
        // BASE is a multiple of every alignment in use, so aligned offsets have aligned addresses.
        let offset = self.bytes.len().next_multiple_of(align);
        self.bytes.resize(offset, 0);
        self.bytes.extend_from_slice(bytes);
        BASE + u32::try_from(offset).unwrap_or(u32::MAX)
    }

    /// Places a list of records that share an alignment. Returns the list's pointer and length.
    pub fn list(&mut self, records: &[Record], align: usize) -> [u32; 2] {
        let mut bytes = Vec::new();
        for record in records {
            bytes.resize(bytes.len().next_multiple_of(align), 0);
            bytes.extend_from_slice(&record.bytes);
        }
        bytes.resize(bytes.len().next_multiple_of(align), 0);
        let pointer = self.place(&bytes, align);
        [pointer, u32::try_from(records.len()).unwrap_or(u32::MAX)]
    }
}

/// The bytes of one record, built field by field.
#[derive(Default)]
pub struct Record {
    bytes: Vec<u8>,
}

impl Record {
    /// The record's bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Pads up to an alignment.
    pub fn align(&mut self, align: usize) -> &mut Self {
        self.bytes
            .resize(self.bytes.len().next_multiple_of(align), 0);
        self
    }

    /// Appends a discriminant or a small number.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    /// Appends a 32-bit number.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.align(4).bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends a 64-bit number.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.align(8).bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Appends a string and places its text in the image.
    pub fn string(&mut self, image: &mut Image, text: &str) -> &mut Self {
        let pointer = image.place(text.as_bytes(), 1);
        self.u32(pointer).u32(len32(text.as_bytes()))
    }

    /// Appends a list that [`Image::list`] placed.
    pub fn list(&mut self, [pointer, len]: [u32; 2]) -> &mut Self {
        self.u32(pointer).u32(len)
    }

    /// Appends a list of strings.
    pub fn strings(&mut self, image: &mut Image, texts: &[String]) -> &mut Self {
        let records: Vec<Record> = texts
            .iter()
            .map(|text| {
                let mut record = Record::default();
                record.string(image, text);
                record
            })
            .collect();
        let list = image.list(&records, 4);
        self.list(list)
    }

    /// Appends an optional string.
    pub fn option_string(&mut self, image: &mut Image, text: Option<&str>) -> &mut Self {
        self.align(4).u8(u8::from(text.is_some()));
        match text {
            Some(text) => self.string(image, text),
            None => self.u32(0).u32(0),
        }
    }
}

fn len32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_aligned_to_their_size() {
        let mut image = Image::default();
        let mut record = Record::default();
        record
            .u8(7)
            .u64(1)
            .u32(2)
            .option_string(&mut image, Some("ab"));
        let bytes = record.into_bytes();
        assert_eq!(bytes.len(), 32);
        assert_eq!(
            (bytes[0], bytes[8], bytes[16], bytes[20], bytes[28]),
            (7, 1, 2, 1, 2)
        );
        assert_eq!(bytes[24], 16);
        assert_eq!(image.into_bytes(), b"ab");
    }
}
