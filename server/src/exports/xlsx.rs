//! A workbook (Office Open XML, ECMA-376) made while it is read: rows go into a compressed sheet as they come, and
//! nothing of it is held but what was not taken yet.

use super::csv::{Cell, Line};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use zip::result::ZipResult;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Rows of a sheet, the row of names included: what spreadsheets can open. What comes after goes on in another sheet.
const ROWS_MAX: u32 = 1_048_576;
/// Characters of a cell that spreadsheets accept.
const TEXT_MAX: usize = 32_767;
/// Days from the beginning of 1900 as spreadsheets count them to 1970.
const DAYS_BEFORE_1970: f64 = 25_569.0;
const DAY_MS: f64 = 86_400_000.0;
/// Fast compression: the answer leaves as quickly as the database is read.
const LEVEL: i64 = 1;
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
/// Formats of cells by their place: ordinary, moment, name of a column.
const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
    <numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts>\
    <fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>\
    <font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>\
    <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
    <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
    <cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
    <cellXfs count=\"3\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
    <xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
    <xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyFont=\"1\"/></cellXfs></styleSheet>";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A workbook in the making.
pub(super) struct Workbook {
    zip: ZipWriter<StreamWriter<Out>>,
    out: Out,
    /// Name of its sheets; those after the first have a number behind it.
    name: &'static str,
    columns: Vec<&'static str>,
    sheets: u32,
    /// Rows of the sheet that is being written.
    rows: u32,
    rows_max: u32,
}

/// What was made and not taken yet.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Workbook {
    /// A workbook with the names of its columns and no rows.
    pub(super) fn new(name: &'static str, columns: Vec<&'static str>) -> ZipResult<Self> {
        Self::with_rows(name, columns, ROWS_MAX)
    }

    fn with_rows(name: &'static str, columns: Vec<&'static str>, rows_max: u32) -> ZipResult<Self> {
        let out = Out::default();
        let zip = ZipWriter::new_stream(out.clone());
        let mut book = Self { zip, out, name, columns, sheets: 0, rows: 0, rows_max };
        book.begin_sheet()?;
        Ok(book)
    }

    /// Adds a row.
    pub(super) fn row(&mut self, line: Line) -> ZipResult<()> {
        if self.rows == self.rows_max {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.write_row(&line.cells(), 0)
    }

    /// What was made since this was asked before.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.out.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The rest of it.
    pub(super) fn finish(mut self) -> ZipResult<Vec<u8>> {
        self.end_sheet()?;
        let numbers = 1..=self.sheets;
        let mut sheets = String::new();
        let mut relations = String::new();
        let mut types = String::new();
        for number in numbers {
            let name = if number == 1 { self.name.to_owned() } else { format!("{} {number}", self.name) };
            let _ = write!(sheets, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
            let _ = write!(
                relations,
                "<Relationship Id=\"rId{number}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
            let _ = write!(
                types,
                "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{MAIN}.worksheet+xml\"/>"
            );
        }
        let styles = self.sheets + 1;
        let parts = [
            ("xl/styles.xml", STYLES.to_owned()),
            (
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                    xmlns:r=\"{RELATIONS}\"><sheets>{sheets}</sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}<Relationship Id=\"rId{styles}\" \
                    Type=\"{RELATIONS}/styles\" Target=\"styles.xml\"/></Relationships>"
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                    Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "[Content_Types].xml",
                format!(
                    "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                    ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                    <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
                    <Override PartName=\"/xl/workbook.xml\" ContentType=\"{MAIN}.sheet.main+xml\"/>\
                    <Override PartName=\"/xl/styles.xml\" ContentType=\"{MAIN}.styles+xml\"/>{types}</Types>"
                ),
            ),
        ];
        for (path, xml) in parts {
            self.begin_part(path)?;
            self.zip.write_all(HEAD.as_bytes())?;
            self.zip.write_all(xml.as_bytes())?;
        }
        let out = self.out.clone();
        self.zip.finish()?;
        let made = std::mem::take(&mut *out.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(made)
    }

    fn begin_part(&mut self, path: &str) -> ZipResult<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL));
        self.zip.start_file(path, options)
    }

    fn begin_sheet(&mut self) -> ZipResult<()> {
        self.sheets += 1;
        self.rows = 0;
        self.begin_part(&format!("xl/worksheets/sheet{}.xml", self.sheets))?;
        self.zip.write_all(HEAD.as_bytes())?;
        // The row of names stays in sight.
        self.zip.write_all(
            b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetViews>\
            <sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" \
            state=\"frozen\"/></sheetView></sheetViews><sheetFormatPr defaultColWidth=\"18\" defaultRowHeight=\"15\"/>\
            <sheetData>",
        )?;
        let names: Vec<Cell> = self.columns.iter().map(|name| Cell::Text((*name).to_owned())).collect();
        self.write_row(&names, 2)
    }

    fn end_sheet(&mut self) -> ZipResult<()> {
        let (last, rows) = (column(self.columns.len().saturating_sub(1)), self.rows);
        write!(self.zip, "</sheetData><autoFilter ref=\"A1:{last}{rows}\"/></worksheet>")?;
        Ok(())
    }

    fn write_row(&mut self, cells: &[Cell], style: u8) -> ZipResult<()> {
        self.rows += 1;
        let row = self.rows;
        let mut xml = format!("<row r=\"{row}\">");
        for (at, cell) in cells.iter().enumerate() {
            let place = column(at);
            let written = match cell {
                Cell::Empty => Ok(()),
                Cell::Plain(value) if value.is_empty() => Ok(()),
                Cell::Plain(value) if is_number(value) => {
                    write!(xml, "<c r=\"{place}{row}\"><v>{value}</v></c>")
                }
                Cell::Time(ms) => {
                    #[expect(clippy::cast_precision_loss, reason = "a moment has fewer than 53 bits")]
                    let days = *ms as f64 / DAY_MS + DAYS_BEFORE_1970;
                    write!(xml, "<c r=\"{place}{row}\" s=\"1\"><v>{days:.9}</v></c>")
                }
                Cell::Plain(text) | Cell::Text(text) => write!(
                    xml,
                    "<c r=\"{place}{row}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    escaped(text)
                ),
            };
            debug_assert!(written.is_ok(), "a text takes everything");
        }
        xml.push_str("</row>");
        self.zip.write_all(xml.as_bytes())?;
        Ok(())
    }
}

/// The letters of a column: A, B, … Z, AA, …
fn column(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
    if at < 26 { letter(at).to_string() } else { format!("{}{}", column(at / 26 - 1), letter(at)) }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
        && text.parse::<f64>().is_ok()
}

/// A text as XML has it; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().take(TEXT_MAX) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn part(book: &[u8], path: &str) -> String {
        let mut archive = zip::ZipArchive::new(io::Cursor::new(book)).unwrap();
        let mut text = String::new();
        archive.by_name(path).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn columns_have_the_letters_of_spreadsheets() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(column), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn words_stay_words_numbers_are_numbers_and_moments_moments() {
        let mut book = Workbook::new("checks", vec!["a", "b", "c", "d", "e"]).unwrap();
        let line =
            Line::default().text("=1+1 <王 & 李>\u{1}").plain("-1.80").plain("C-2026-1").optional(None);
        book.row(line.time(1_767_225_600_000)).unwrap();
        let mut bytes = book.take();
        bytes.extend(book.finish().unwrap());
        let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
        assert!(sheet.contains("<t xml:space=\"preserve\">=1+1 &lt;王 &amp; 李&gt;</t>"), "{sheet}");
        assert!(sheet.contains("<c r=\"B2\"><v>-1.80</v></c>"), "{sheet}");
        assert!(sheet.contains("r=\"C2\" s=\"0\" t=\"inlineStr\"") && !sheet.contains("D2\""), "{sheet}");
        // The first day of 2026 is the 46,023rd day of spreadsheets.
        assert!(sheet.contains("<c r=\"E2\" s=\"1\"><v>46023.000000000</v></c>"), "{sheet}");
        assert!(sheet.contains("<autoFilter ref=\"A1:E2\"/>"), "{sheet}");
    }

    #[test]
    fn what_does_not_fit_into_a_sheet_goes_on_in_the_next() {
        let mut book = Workbook::with_rows("visits", vec!["a"], 3).unwrap();
        for number in 0..5 {
            book.row(Line::default().plain(number)).unwrap();
        }
        let mut bytes = book.take();
        bytes.extend(book.finish().unwrap());
        assert!(part(&bytes, "xl/workbook.xml").contains("name=\"visits 3\" sheetId=\"3\""));
        assert!(part(&bytes, "xl/worksheets/sheet3.xml").contains("<v>4</v>"));
    }
}
