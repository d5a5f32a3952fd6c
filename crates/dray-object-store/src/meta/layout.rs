//! How an object's bytes lie in its parts: the part numbers and sizes, packed. No IO, no SQL.
//!
//! Parts of one upload mostly have one size and consecutive numbers, so a layout is a few runs of 12 bytes each.

use std::ops::Range;

const RUN_BYTES: usize = 12;

/// The parts of an object, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout(Vec<Run>);

/// Parts of one size with consecutive numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u16,
    count: u16,
    size_bytes: u64,
}

/// Where a part's bytes lie in the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u16,
    pub(crate) bytes: Range<u64>,
}

impl Layout {
    /// The layout of an object of one part, number 1.
    pub(crate) fn single(size_bytes: u64) -> Self {
        Self(vec![Run { first: 1, count: 1, size_bytes }])
    }

    /// Appends a part. Numbers must ascend.
    pub(crate) fn push(&mut self, number: u16, size_bytes: u64) {
        match self.0.last_mut() {
            Some(run) if run.size_bytes == size_bytes && run.first + run.count == number => run.count += 1,
            _ => self.0.push(Run { first: number, count: 1, size_bytes }),
        }
    }

    pub(crate) fn parts(&self) -> u16 {
        self.0.iter().map(|run| run.count).sum()
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.0.iter().map(Run::total_bytes).sum()
    }

    /// The part that holds the byte at `offset`.
    pub(crate) fn at(&self, offset: u64) -> Option<Place> {
        let (run, start) = self.runs().find(|(run, start)| offset < start + run.total_bytes())?;
        run.place(start, u16::try_from((offset - start) / run.size_bytes).ok()?)
    }

    /// The part of this number.
    pub(crate) fn part(&self, number: u16) -> Option<Place> {
        let (run, start) =
            self.runs().find(|(run, _)| (run.first..run.first + run.count).contains(&number))?;
        run.place(start, number - run.first)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let runs = self.0.iter();
        runs.flat_map(|run| {
            let mut bytes = [0; RUN_BYTES];
            bytes[..2].copy_from_slice(&run.first.to_le_bytes());
            bytes[2..4].copy_from_slice(&run.count.to_le_bytes());
            bytes[4..].copy_from_slice(&run.size_bytes.to_le_bytes());
            bytes
        })
        .collect()
    }

    /// Decodes what [`Layout::encode`] wrote; `None` for anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (runs, rest) = bytes.as_chunks::<RUN_BYTES>();
        let runs = runs.iter().map(|&[f0, f1, c0, c1, size @ ..]| Run {
            first: u16::from_le_bytes([f0, f1]),
            count: u16::from_le_bytes([c0, c1]),
            size_bytes: u64::from_le_bytes(size),
        });
        rest.is_empty().then(|| Self(runs.collect()))
    }

    fn runs(&self) -> impl Iterator<Item = (&Run, u64)> {
        self.0.iter().scan(0, |start, run| {
            let this = *start;
            *start += run.total_bytes();
            Some((run, this))
        })
    }
}

impl Run {
    fn total_bytes(&self) -> u64 {
        u64::from(self.count) * self.size_bytes
    }

    fn place(&self, run_start: u64, index: u16) -> Option<Place> {
        let start = run_start + u64::from(index) * self.size_bytes;
        Some(Place { number: self.first.checked_add(index)?, bytes: start..start + self.size_bytes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_consecutive_parts_are_one_run() {
        let mut layout = Layout::default();
        (1..=9_999).for_each(|number| layout.push(number, 8 << 20));
        layout.push(10_000, 5);
        assert_eq!(layout.encode().len(), 2 * RUN_BYTES);
        assert_eq!(layout.parts(), 10_000);
        assert_eq!(layout.at(layout.size_bytes() - 1).map(|place| place.number), Some(10_000));
        assert_eq!(layout.at(layout.size_bytes()), None);
        assert_eq!(Layout::decode(&[0; 13]), None);
    }

    proptest! {
        #[test]
        fn every_byte_is_found_in_its_part(parts in prop::collection::vec((1_u16..4, 0_u64..5), 0..20)) {
            let (mut layout, mut number, mut expected) = (Layout::default(), 0, Vec::new());
            let mut sizes = Vec::new();
            for (gap, size) in parts {
                number += gap;
                layout.push(number, size);
                sizes.push((number, size));
                expected.extend((0..size).map(|_| number));
            }
            let found: Vec<u16> = (0..).map_while(|offset| layout.at(offset)).map(|place| place.number).collect();
            prop_assert_eq!(found, expected);
            for (number, size) in sizes {
                let place = layout.part(number).unwrap();
                prop_assert_eq!((place.number, place.bytes.end - place.bytes.start), (number, size));
            }
            prop_assert_eq!(Layout::decode(&layout.encode()), Some(layout));
        }
    }
}
