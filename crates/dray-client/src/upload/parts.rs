//! The parts of one file: those that the store has are compared with the file, and the others are sent.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use dray_api::upload::{Checksum, UploadedPart};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::part::{Sent, Source};
use super::proof::{self, Likeness};
use super::resume::Begun;
use super::signer::Signer;
use super::source::Opened;
use super::{Cut, Uploader};
use crate::error::Error;

/// The parts that need not be sent, by part number.
struct Kept {
    parts: HashMap<u32, Sent>,
    /// A part to send before the others. If its `ETag` is its MD5, so are those of the stored parts, and these are not the
    /// file's.
    test: Option<u32>,
}

impl Uploader {
    /// Sends the parts that the store does not have yet. Returns all parts, and the checksum of the bytes that were sent.
    pub(super) async fn upload_parts(
        &self,
        path: &Path,
        opened: &Opened,
        begun: &Begun,
        cut: Cut,
    ) -> Result<(Vec<UploadedPart>, Checksum), Error> {
        let signer = Signer::new(&self.client, &begun.key, cut.parts);
        let source = Source {
            client: &self.client,
            signer: &signer,
            path,
            file: Arc::clone(&opened.file),
            pool: Arc::clone(&self.pool),
            progress: Arc::clone(&self.progress),
            line: &self.line,
        };
        let Kept { parts: mut sent, test } = self.compare_stored(path, opened, begun, cut).await?;
        if let Some(part_number) = test {
            let part = self.test(&source, cut, part_number).await?;
            sent.insert(part_number, part);
        }
        for part_number in sent.keys().filter(|part_number| Some(**part_number) != test) {
            self.progress.moved(cut.part(*part_number).1);
        }
        let source = &source;
        let more: Vec<(u32, Sent)> =
            stream::iter((1..=cut.parts).filter(|number| !sent.contains_key(number)))
                .map(|part_number| async move {
                    let (offset, len) = cut.part(part_number);
                    // The semaphore is never closed, so this cannot fail. Without a slot, the part would only start earlier.
                    let _slot = self.slots.acquire().await.ok();
                    Ok::<_, Error>((part_number, source.upload_part(part_number, offset, len).await?))
                })
                .buffer_unordered(self.parallel.get())
                .try_collect()
                .await?;
        sent.extend(more);
        let mut sent: Vec<(u32, Sent)> = sent.into_iter().collect();
        sent.sort_unstable_by_key(|(part_number, _)| *part_number);
        let crc64 = proof::joined(sent.iter().map(|(number, part)| (part.crc64, cut.part(*number).1)));
        let uploaded = |(number, part): (u32, Sent)| UploadedPart {
            part_number: u64::from(number),
            e_tag: Some(part.e_tag),
        };
        Ok((sent.into_iter().map(uploaded).collect(), proof::checksum(crc64)))
    }

    /// Compares the parts that the store has with the file. The first of them decides whether the upload is of this file. If
    /// it is, other parts that differ are sent again: another file was resumed in its place.
    async fn compare_stored(
        &self,
        path: &Path,
        opened: &Opened,
        begun: &Begun,
        cut: Cut,
    ) -> Result<Kept, Error> {
        let stored =
            (1..=cut.parts).filter_map(|number| Some((number, begun.stored(number, cut.part(number).1)?)));
        let compared: Vec<(u32, Sent, Likeness)> = stream::iter(stored)
            .map(|(number, e_tag)| async move {
                let (crc64, likeness) = proof::compare(path, &opened.file, cut.part(number), &e_tag).await?;
                Ok::<_, Error>((number, Sent { e_tag, crc64 }, likeness))
            })
            .buffered(self.parallel.get())
            .try_collect()
            .await?;
        let Some((first, _, likeness)) = compared.first() else {
            return Ok(Kept { parts: HashMap::new(), test: None });
        };
        let (first, likeness) = (*first, *likeness);
        let has_same = compared.iter().any(|(_, _, likeness)| *likeness == Likeness::Same);
        if likeness == Likeness::Other || (likeness == Likeness::OtherIfMd5 && has_same) {
            return Err(Error::SentBeforeDiffers { path: path.to_owned() });
        }
        let is_kept = |it: Likeness| likeness != Likeness::Same || it == Likeness::Same;
        let kept = compared.into_iter().filter(|(_, _, likeness)| is_kept(*likeness));
        let parts: HashMap<u32, Sent> = kept.map(|(number, part, _)| (number, part)).collect();
        // Not a part before the first: the file that the upload was started for must still find its own part there.
        let test = (first..=cut.parts).rev().find(|number| !parts.contains_key(number));
        Ok(Kept { parts, test: test.filter(|_| likeness == Likeness::OtherIfMd5) })
    }

    /// Sends a part, and fails if its `ETag` is its MD5.
    async fn test(&self, source: &Source<'_>, cut: Cut, part_number: u32) -> Result<Sent, Error> {
        let (offset, len) = cut.part(part_number);
        let _slot = self.slots.acquire().await.ok();
        let part = source.upload_part(part_number, offset, len).await?;
        let (_, likeness) = proof::compare(source.path, &source.file, (offset, len), &part.e_tag).await?;
        if likeness == Likeness::Same {
            self.progress.undone(len);
            return Err(Error::SentBeforeDiffers { path: source.path.to_owned() });
        }
        Ok(part)
    }
}
