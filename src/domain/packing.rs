//! Variable-length integers: how states and counts are packed into their columns.

/// Appends an unsigned number, seven bits a byte, the lowest first.
pub fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number that [`put_varint`] appended; none where the bytes end or the number is too long.
pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Maps small negative numbers to small unsigned ones.
pub fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Appends a signed number.
pub fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put_varint(bytes, zigzag(number));
}

/// Takes a number that [`put_signed`] appended.
pub fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    take_varint(bytes).map(unzigzag)
}

/// Takes one byte.
pub fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*byte)
}
