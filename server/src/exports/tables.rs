//! Which tables there are, and their columns.

use serde::Deserialize;
use utoipa::ToSchema;

/// A table that can be taken, in the form in which it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum ExportFile {
    /// One line for each complaint.
    #[serde(rename = "complaints.csv")]
    ComplaintsCsv,
    #[serde(rename = "complaints.xlsx")]
    ComplaintsXlsx,
    /// One line for each visit.
    #[serde(rename = "visits.csv")]
    VisitsCsv,
    #[serde(rename = "visits.xlsx")]
    VisitsXlsx,
    /// One line for each finding.
    #[serde(rename = "findings.csv")]
    FindingsCsv,
    #[serde(rename = "findings.xlsx")]
    FindingsXlsx,
    /// One line for each meter check, with what follows from its figures.
    #[serde(rename = "meter-checks.csv")]
    MeterChecksCsv,
    #[serde(rename = "meter-checks.xlsx")]
    MeterChecksXlsx,
    /// The complaints whose place is known, as points.
    #[serde(rename = "complaints.geojson")]
    Map,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text with commas.
    Csv,
    /// A workbook of a spreadsheet.
    Xlsx,
    /// Points of a map (RFC 7946).
    GeoJson,
}

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Complaints,
    Visits,
    Findings,
    MeterChecks,
    Map,
}

impl ExportFile {
    /// Its name as a file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ComplaintsCsv => "complaints.csv",
            Self::ComplaintsXlsx => "complaints.xlsx",
            Self::VisitsCsv => "visits.csv",
            Self::VisitsXlsx => "visits.xlsx",
            Self::FindingsCsv => "findings.csv",
            Self::FindingsXlsx => "findings.xlsx",
            Self::MeterChecksCsv => "meter-checks.csv",
            Self::MeterChecksXlsx => "meter-checks.xlsx",
            Self::Map => "complaints.geojson",
        }
    }

    /// What it is about.
    pub(crate) fn table(self) -> Table {
        match self {
            Self::ComplaintsCsv | Self::ComplaintsXlsx => Table::Complaints,
            Self::VisitsCsv | Self::VisitsXlsx => Table::Visits,
            Self::FindingsCsv | Self::FindingsXlsx => Table::Findings,
            Self::MeterChecksCsv | Self::MeterChecksXlsx => Table::MeterChecks,
            Self::Map => Table::Map,
        }
    }

    /// How it is written.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::ComplaintsCsv | Self::VisitsCsv | Self::FindingsCsv | Self::MeterChecksCsv => Form::Csv,
            Self::ComplaintsXlsx | Self::VisitsXlsx | Self::FindingsXlsx | Self::MeterChecksXlsx => {
                Form::Xlsx
            }
            Self::Map => Form::GeoJson,
        }
    }
}

impl Form {
    /// Its media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::GeoJson => "application/geo+json",
        }
    }

    /// What people call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "Excel",
            Self::GeoJson => "GeoJSON",
        }
    }
}

impl Table {
    /// All of them, in the order of the page.
    pub(crate) const ALL: [Self; 5] =
        [Self::Complaints, Self::Visits, Self::Findings, Self::MeterChecks, Self::Map];

    /// Its code, and what its sheet is called.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Complaints => "complaints",
            Self::Visits => "visits",
            Self::Findings => "findings",
            Self::MeterChecks => "meter-checks",
            Self::Map => "map",
        }
    }

    /// The files in which it can be taken.
    pub(crate) fn files(self) -> &'static [ExportFile] {
        match self {
            Self::Complaints => &[ExportFile::ComplaintsCsv, ExportFile::ComplaintsXlsx],
            Self::Visits => &[ExportFile::VisitsCsv, ExportFile::VisitsXlsx],
            Self::Findings => &[ExportFile::FindingsCsv, ExportFile::FindingsXlsx],
            Self::MeterChecks => &[ExportFile::MeterChecksCsv, ExportFile::MeterChecksXlsx],
            Self::Map => &[ExportFile::Map],
        }
    }

    /// Names of its columns, of properties for a map, each with what it holds.
    pub(crate) fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Complaints => COMPLAINTS,
            Self::Visits => VISITS,
            Self::Findings => FINDINGS,
            Self::MeterChecks => METER_CHECKS,
            Self::Map => MAP,
        }
    }
}

const COMPLAINTS: &[(&str, &str)] = &[
    ("complaint_number", "number, for example `C-2026-0417`"),
    ("complaint_id", "identity"),
    ("state", "where it stands"),
    ("utility", "what is supplied"),
    ("category", "code of the category"),
    ("channel", "how the customer turned to us"),
    ("priority", "how urgent it is"),
    ("region", "code of the region"),
    ("unit", "unit that answers for it"),
    ("requested_at", "when the customer turned to us"),
    ("received_at", "when it entered the record"),
    ("contact_due_at", "until when the customer must be contacted"),
    ("onsite_due_at", "until when somebody must be on site"),
    ("answer_due_at", "until when the customer must have an answer"),
    ("closed_at", "when it was closed"),
    ("merged_into", "number of the complaint that it was merged into"),
    ("verdict", "newest verdict of a reviewer"),
    ("cause", "code of the cause"),
    ("responsibility", "whose responsibility it is"),
    ("meter_number", "meter on record"),
    ("address", "where"),
    ("summary", "what the customer says"),
    ("latitude", "WGS-84 degrees"),
    ("longitude", "WGS-84 degrees"),
    ("customer_class", "kind of customer"),
];

const VISITS: &[(&str, &str)] = &[
    ("complaint_number", "number of its complaint"),
    ("visit_id", "identity"),
    ("state", "where it stands"),
    ("origin", "`office` or `field`"),
    ("checklist", "code of the checklist"),
    ("planned_on", "day in the office's calendar"),
    ("arrived_at", "first arrival by the device's clock"),
    ("arrival_received_at", "when the server learnt of it"),
    ("ended_at", "end by the device's clock"),
    ("end_received_at", "when the server learnt of it"),
    ("outcome", "how it ended"),
    ("findings", "findings that stand"),
    ("readings", "register readings that stand"),
    ("meter_checks", "meter checks that stand"),
    ("gas_tests", "gas tests that stand"),
    ("photos", "photos that stand"),
    ("promises", "promises that stand"),
    ("hazard_level", "highest level of a hazard"),
    ("competing_fields", "fields whose values differ and were not decided"),
];

const FINDINGS: &[(&str, &str)] = &[
    ("complaint_number", "number of its complaint"),
    ("visit_id", "visit"),
    ("finding_id", "identity"),
    ("recorded_by", "name of the person"),
    ("recorded_at", "by the device's clock"),
    ("withdrawn_at", "when its author took it back, by the device's clock"),
    ("code", "what was found"),
    ("severity", "how bad it is"),
    ("item", "checklist item"),
    ("text", "it in words"),
];

const METER_CHECKS: &[(&str, &str)] = &[
    ("complaint_number", "number of its complaint"),
    ("visit_id", "visit"),
    ("check_id", "identity"),
    ("recorded_by", "name of the person"),
    ("recorded_at", "by the device's clock"),
    ("withdrawn_at", "when its author took it back, by the device's clock"),
    ("meter_number", "meter that was checked"),
    ("method", "how"),
    ("class", "accuracy class on the nameplate"),
    ("profile", "limits that it is judged by"),
    ("error_percent", "error before rounding"),
    ("rounded_percent", "error that was compared with the limit"),
    ("verdict", "what may be said; empty where the figures make no sense"),
];

const MAP: &[(&str, &str)] = &[
    ("complaint_number", "number"),
    ("state", "where it stands"),
    ("utility", "what is supplied"),
    ("category", "code of the category"),
    ("priority", "how urgent it is"),
    ("region", "code of the region"),
    ("unit", "unit that answers for it"),
    ("received_at", "when it entered the record"),
    ("closed_at", "when it was closed; null while open"),
];
