//! Frames between server and worker: four bytes of length, big-endian, then CBOR.
//!
//! A frame is written with one call, so that the other side wakes up once for it.

use std::io::{self, Read, Write};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// Largest frame in either direction: the largest document with the largest job, with room.
pub(super) const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What is read at once: most frames whole, and as much as a pipe holds.
pub(super) const READ_BYTES: usize = 64 * 1024;

/// What a worker says when it is ready. Whatever stands before it on its output is skipped.
pub(super) const READY: &str = "fieldloop merge-worker ready";

pub(super) fn read(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut frame = vec![0; checked_length(length)?];
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}

pub(super) fn write(output: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    output.write_all(&framed(frame)?)?;
    output.flush()
}

pub(super) async fn wait_ready<R: AsyncRead + Unpin>(input: &mut BufReader<R>) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim_ascii_end().ends_with(READY.as_bytes()) {
            return Ok(());
        }
    }
}

pub(super) async fn receive<R: AsyncRead + Unpin>(input: &mut R) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length).await?;
    let mut frame = vec![0; checked_length(length)?];
    input.read_exact(&mut frame).await?;
    Ok(frame)
}

pub(super) async fn send<W: AsyncWrite + Unpin>(output: &mut W, frame: &[u8]) -> io::Result<()> {
    output.write_all(&framed(frame)?).await?;
    output.flush().await
}

fn checked_length(prefix: [u8; 4]) -> io::Result<usize> {
    match usize::try_from(u32::from_be_bytes(prefix)) {
        Ok(length) if length <= FRAME_BYTES_MAX => Ok(length),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn framed(frame: &[u8]) -> io::Result<Vec<u8>> {
    match u32::try_from(frame.len()) {
        Ok(length) if frame.len() <= FRAME_BYTES_MAX => Ok([&length.to_be_bytes(), frame].concat()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
