//! Bodies: frames in, compressed bytes out, and back, never beyond the limits.

use super::{FRAME_BYTES_MAX, INFLATED_BYTES_MAX};
use minicbor::{Decode, Decoder, Encode};
use std::io::Write as _;

/// Level 9 costs 2 ms for a whole day of visits and saves a tenth over level 3.
const ZSTD_LEVEL: i32 = 9;
/// A block ends at least this often, so that a cut body loses at most this much.
const FLUSH_BYTES: usize = 32 * 1024;
/// Windows beyond 8 MiB only cost the reader memory.
const WINDOW_LOG_MAX: u32 = 23;

/// Collects frames into one compressed body.
#[derive(Debug, Default)]
pub struct FrameWriter {
    inflated: Vec<u8>,
    /// Where a zstd block ends.
    blocks: Vec<usize>,
    frames: u32,
}

/// Reads the frames of a body that may arrive in pieces and may be cut anywhere.
pub struct FrameReader {
    decoder: zstd::stream::write::Decoder<'static, Inflated>,
    read: usize,
}

/// What was inflated and not yet handed out; refuses to grow beyond the limit, because four
/// bytes of a bomb inflate to 128 KiB.
#[derive(Default)]
struct Inflated {
    bytes: Vec<u8>,
    total: usize,
}

impl std::io::Write for Inflated {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.total += bytes.len();
        if self.total > INFLATED_BYTES_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A body that cannot be read on. Frames read before it stand.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The compression is damaged.
    #[error("the body is no valid zstd stream")]
    Zstd(#[source] std::io::Error),
    /// It inflates beyond [`INFLATED_BYTES_MAX`].
    #[error("the body inflates beyond {INFLATED_BYTES_MAX} bytes: send less at once")]
    TooLarge,
    /// A frame is larger than [`FRAME_BYTES_MAX`].
    #[error("a frame is larger than {FRAME_BYTES_MAX} bytes")]
    FrameTooLarge,
    /// The bytes are no CBOR.
    #[error("the body is no sequence of CBOR items")]
    NotCbor,
}

impl FrameWriter {
    /// An empty body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one frame.
    pub fn push<T: Encode<()>>(&mut self, frame: &T) {
        minicbor::encode(frame, &mut self.inflated).expect("encoding into memory cannot fail");
        self.frames += 1;
        if self.inflated.len() - self.blocks.last().copied().unwrap_or(0) >= FLUSH_BYTES {
            self.blocks.push(self.inflated.len());
        }
    }

    /// Bytes of all frames so far, before compression.
    pub fn inflated_bytes(&self) -> usize {
        self.inflated.len()
    }

    /// Frames so far.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The compressed body.
    pub fn finish(self) -> Vec<u8> {
        const MEMORY: &str = "compressing into memory cannot fail";
        let mut encoder = zstd::stream::Encoder::new(Vec::new(), ZSTD_LEVEL).expect(MEMORY);
        // Told the size, zstd makes its tables no larger than a small body needs.
        encoder.set_pledged_src_size(Some(self.inflated.len() as u64)).expect(MEMORY);
        let mut from = 0;
        for to in self.blocks {
            encoder.write_all(&self.inflated[from..to]).and_then(|()| encoder.flush()).expect(MEMORY);
            from = to;
        }
        encoder.write_all(&self.inflated[from..]).expect(MEMORY);
        encoder.finish().expect(MEMORY)
    }
}

impl FrameReader {
    /// Before the first byte.
    pub fn new() -> Self {
        let mut decoder = zstd::stream::write::Decoder::new(Inflated::default())
            .expect("a zstd decoder without a dictionary can always be made");
        decoder.window_log_max(WINDOW_LOG_MAX).expect("the limit lies in zstd's range");
        Self { decoder, read: 0 }
    }

    /// Takes the next compressed bytes.
    ///
    /// # Errors
    /// When they are damaged or inflate beyond the limit; frames inflated so far can still be read.
    pub fn feed(&mut self, compressed: &[u8]) -> Result<(), StreamError> {
        let fed = self.decoder.write_all(compressed).and_then(|()| self.decoder.flush());
        if self.decoder.get_ref().total > INFLATED_BYTES_MAX {
            return Err(StreamError::TooLarge);
        }
        fed.map_err(StreamError::Zstd)
    }

    /// The next complete frame, `None` when more bytes are needed.
    ///
    /// Frames that do not decode as `T` (numbers of a newer protocol) are skipped.
    ///
    /// # Errors
    /// When the bytes are no CBOR, or a frame exceeds its limit.
    pub fn next_frame<T>(&mut self) -> Result<Option<T>, StreamError>
    where
        T: for<'b> Decode<'b, ()>,
    {
        loop {
            let pending = &self.decoder.get_ref().bytes[self.read..];
            if pending.is_empty() {
                self.forget_read();
                return Ok(None);
            }
            let mut item = Decoder::new(pending);
            match item.skip() {
                Ok(()) if item.position() > FRAME_BYTES_MAX => return Err(StreamError::FrameTooLarge),
                Ok(()) => {}
                Err(error) if error.is_end_of_input() && pending.len() > FRAME_BYTES_MAX => {
                    return Err(StreamError::FrameTooLarge);
                }
                Err(error) if error.is_end_of_input() => return Ok(None),
                Err(_) => return Err(StreamError::NotCbor),
            }
            let frame = &pending[..item.position()];
            let decoded = minicbor::decode(frame).ok();
            self.read += frame.len();
            if let Some(decoded) = decoded {
                return Ok(Some(decoded));
            }
        }
    }

    /// Drops frames already handed out, so that a long body needs the memory of one frame.
    fn forget_read(&mut self) {
        self.decoder.get_mut().bytes.clear();
        self.read = 0;
    }
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChangeHash, VisitId};
    use crate::protocol::{
        Ask, BODY_BYTES_MAX, Beacon, DOCUMENT_BYTES_MAX, DownFrame, UpFrame, WholeDocument,
    };
    use proptest::prelude::*;

    fn body_of(frames: &[UpFrame]) -> Vec<u8> {
        let mut writer = FrameWriter::new();
        frames.iter().for_each(|frame| writer.push(frame));
        writer.finish()
    }

    fn frames_of(reader: &mut FrameReader) -> Vec<UpFrame> {
        std::iter::from_fn(|| reader.next_frame().unwrap()).collect()
    }

    fn some_frames() -> Vec<UpFrame> {
        let beacon = Beacon { app_version: "0.1.0".into(), envelopes_pending: 7, ..Beacon::default() };
        vec![UpFrame::Beacon(beacon), UpFrame::Ask(Ask { cursor: 41, ..Ask::default() }), UpFrame::End(0)]
    }

    #[test]
    fn frames_arrive_in_pieces_of_any_size() {
        let body = body_of(&some_frames());
        for size in 1..body.len() {
            let mut reader = FrameReader::new();
            let mut frames = Vec::new();
            for piece in body.chunks(size) {
                reader.feed(piece).unwrap();
                frames.extend(frames_of(&mut reader));
            }
            assert_eq!(frames, some_frames(), "pieces of {size}");
        }
    }

    #[test]
    fn a_cut_body_yields_its_complete_prefix() {
        let mut writer = FrameWriter::new();
        // Incompressible frames, so that zstd emits several blocks before the cut.
        let mut noise: u64 = 1;
        for sequence in 0..60_u64 {
            let mut json = String::new();
            for _ in 0..2000 {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                json.push(char::from(33 + u8::try_from(noise >> 58).unwrap()));
            }
            writer.push(&crate::protocol::PackItem { key: format!("codes/{sequence}"), json: Some(json) });
        }
        let body = writer.finish();
        let mut reader = FrameReader::new();
        let _ = reader.feed(&body[..body.len() - 5]);
        let mut count = 0;
        while let Some(item) = reader.next_frame::<crate::protocol::PackItem>().unwrap() {
            assert_eq!(item.key, format!("codes/{count}"));
            count += 1;
        }
        assert!((1..60).contains(&count), "{count} frames before the cut");
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = zstd::encode_all(&vec![0x00; INFLATED_BYTES_MAX + 1][..], 3).unwrap();
        assert!(bomb.len() < 4096);
        let mut reader = FrameReader::new();
        assert!(matches!(reader.feed(&bomb), Err(StreamError::TooLarge)));
        assert!(reader.decoder.get_ref().bytes.len() <= INFLATED_BYTES_MAX);
    }

    #[test]
    fn frames_of_a_newer_protocol_are_skipped() {
        let mut writer = FrameWriter::new();
        writer.push(&(99_u8, "from the future"));
        writer.push(&UpFrame::End(1));
        let mut reader = FrameReader::new();
        reader.feed(&writer.finish()).unwrap();
        assert_eq!(frames_of(&mut reader), vec![UpFrame::End(1)]);
    }

    #[test]
    fn the_largest_document_can_be_sent_whole() {
        // More heads than a document may have actors, and bytes that do not compress.
        let heads: Vec<_> = (0..=255).map(|n| ChangeHash::from_bytes([n; 32])).collect();
        let mut noise: u64 = 1;
        let saved = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            noise.to_be_bytes()[0]
        });
        let saved: Vec<u8> = saved.take(DOCUMENT_BYTES_MAX).collect();
        let visit = VisitId::from_bytes([1; 16]);
        let document = WholeDocument { visit, saved: saved.into(), heads };
        let mut writer = FrameWriter::new();
        writer.push(&DownFrame::Document(document.clone()));
        let body = writer.finish();
        assert!(body.len() < BODY_BYTES_MAX);
        let mut reader = FrameReader::new();
        reader.feed(&body).unwrap();
        assert_eq!(reader.next_frame().unwrap(), Some(DownFrame::Document(document)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for body in [bytes.clone(), zstd::encode_all(&bytes[..], 1).unwrap()] {
                let mut reader = FrameReader::new();
                let _ = reader.feed(&body);
                while let Ok(Some(_)) = reader.next_frame::<UpFrame>() {}
            }
        }
    }
}
