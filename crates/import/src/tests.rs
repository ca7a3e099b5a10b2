use proptest::prelude::*;

use super::*;
use crate::sink::{ReadRecord, SinkClosed};

/// A sink that keeps a line for each record: its position, and its kind or first error.
#[derive(Default)]
struct RecordLines {
    lines: Vec<String>,
    limit: Option<usize>,
}

impl RecordSink for RecordLines {
    fn take(&mut self, item: ReadRecord) -> Result<(), SinkClosed> {
        if self.limit == Some(self.lines.len()) {
            return Err(SinkClosed);
        }
        let FilePosition { line, column } = item.position;
        let column = column.map(|column| format!(":{column}")).unwrap_or_default();
        let what = match item.record {
            Ok(record) => RecordKind::of(&record).as_str().to_owned(),
            Err(problems) => {
                let kind = item.kind.map_or("?", RecordKind::as_str);
                let first = &problems[0];
                format!("{kind} {}: {}", first.field, first.reason)
            }
        };
        self.lines.push(format!("{line}{column} {what}"));
        Ok(())
    }
}

/// The records of this text, and how reading ended.
fn read(layout: FileLayout, text: &[u8]) -> (Vec<String>, Result<(), String>) {
    let mut sink = RecordLines::default();
    let end = read_from(text, layout, Region::US, &mut sink).map_err(|unreadable| match unreadable {
        ReadError::Malformed { position: FilePosition { line, column }, reason } => {
            format!("{line}:{} {reason}", column.unwrap_or_default())
        }
        ReadError::Io(error) => panic!("{error}"),
        ReadError::SinkClosed => "stopped".to_owned(),
    });
    (sink.lines, end)
}

const GOOD: &str = r#"{"clientClassId": "a", "sourceId": 1}"#;

#[test]
fn json_reports_invalid_records_and_reads_on() {
    let text = format!(
        "{{\n  \"practices\": [],\n  \"clientClasses\": [\n    {GOOD}, {GOOD},\n    {{\"sourceId\": 1}},\n    5,\n\n    \
         {GOOD}\n  ],\n  \"cleints\": [{{}}],\n  \"clientClasses\": [{GOOD}]\n}}\n"
    );
    let (lines, end) = read(FileLayout::Json, text.as_bytes());
    assert_eq!(
        lines,
        [
            "4:5 clientClass",
            "4:44 clientClass",
            "5:5 clientClass clientClassId: is missing",
            "6:5 clientClass : must be an object",
            "8:5 clientClass",
            "10:11 ? cleints: is unknown: did you mean \"clients\"?",
            "11:21 clientClass",
        ]
    );
    assert_eq!(end, Ok(()));
}

#[test]
fn malformed_json_is_read_up_to_the_error() {
    for (text, records, problem) in [
        (
            format!(r#"{{"clientClasses": [{GOOD}, {{"clientClassId": "b"#),
            1,
            "1:78 EOF while parsing a string",
        ),
        (format!("{{\"clientClasses\": [{GOOD},\n {GOOD}\n {GOOD}]}}"), 2, "3:2 expected `,` or `]`"),
        (format!(r#"{{"clientClasses": [{GOOD}]}} x"#), 1, "1:60 trailing characters"),
        (format!(r#"{{"clientClasses": [{GOOD}], "users": "hunter2"}}"#), 1, "1:77 must be a list of users"),
        (
            format!("[{GOOD}]"),
            0,
            "1:1 must be an object with the lists practices, clientClasses, users and clients",
        ),
        (String::new(), 0, "1:0 EOF while parsing a value"),
    ] {
        let (lines, end) = read(FileLayout::Json, text.as_bytes());
        assert_eq!((lines.len(), end), (records, Err(problem.to_owned())), "{text}");
    }
}

#[test]
fn ndjson_reports_invalid_lines_and_reads_on() {
    let text = format!(
        "{{\"type\": \"clientClass\", {}\n\n  \r\n{{\"type\": \"clientClass\"\n{GOOD}\n\"hunter2\"\n\
         {{\"type\": \"cilent\"}}\n\u{0}\n{{\"type\": \"user\"}}",
        &GOOD[1..]
    );
    let mut text = text.into_bytes();
    text.extend(b"\n{\"type\": \"\xFF\"}\n");
    let (lines, end) = read(FileLayout::Ndjson, &text);
    assert_eq!(
        lines,
        [
            "1 clientClass",
            "4:22 ? : EOF while parsing an object",
            "5 ? type: is missing",
            "6:9 ? : must be an object",
            "7 ? type: \"cilent\" is unknown: did you mean \"client\"?",
            "8:1 ? : expected value",
            "9 user name: is missing",
            "10:11 ? : invalid unicode code point",
        ]
    );
    assert_eq!(end, Ok(()));
}

#[test]
fn csv_reports_invalid_rows_and_reads_on() {
    let text = "clientId,practiceId,sourceId,balanceDue,alertsDisabled,patients,lastName\r\n\
                1,1,1,500,TRUE,\"[{\"\"patientId\"\": \"\"pi\"\", \"\"name\"\": \"\"Pi\"\"}]\",\"Quayle\nByrne\"\r\n\
                2,1,1,,,,\r\n\r\n\n\
                3,1,1\r\n\
                4,1,1,5.5,,,\r\n\
                5,1,1,,,pi,\r\n";
    let mut bytes = text.as_bytes().to_vec();
    bytes.extend(b"6,1,1,,,,\xFF\r\n7,1,1,,,,\r\n");
    let (lines, end) = read(FileLayout::Csv(RecordKind::Client), &bytes);
    assert_eq!(
        lines,
        [
            "2 client",
            "4 client",
            "7 client : has 3 cells, and must have 7",
            "8 client balanceDue: must be a whole number from -9007199254740991 to 9007199254740991",
            "9 client patients: must be JSON",
            "10 client : is not written in UTF-8",
            "11 client",
        ]
    );
    assert_eq!(end, Ok(()));
}

const CLASSES: FileLayout = FileLayout::Csv(RecordKind::ClientClass);

#[test]
fn csv_delimiter_is_detected_from_the_header() {
    for (text, line) in [
        ("clientClassId,sourceId,description\na,1,x\n", 2),
        ("clientClassId;sourceId;description\na;1;x, y\n", 2),
        ("clientClassId\tsourceId\tdescription\na\t1\tx\n", 2),
        ("sep=;\r\nclientClassId;sourceId;description\r\na;1;x\r\n", 3),
        ("\"sep=|\"\nclientClassId|sourceId|description\na|1|x\n", 3),
        ("\n\n\"clientClassId\";\"sourceId\"\n\n\"a\";1", 5),
        ("clientClassId,sourceId\ra,1\r", 2),
        ("clientClassId,sourceId,description\ra,1,\"x\ry\"", 2),
        ("clientClassId,sourceId\r\n\r\n\r\na,1\r\n", 4),
    ] {
        let (lines, end) = read(CLASSES, text.as_bytes());
        assert_eq!((lines, end), (vec![format!("{line} clientClass")], Ok(())), "{text:?}");
    }
}

#[test]
fn csv_ignores_empty_rows_and_unnamed_columns() {
    let text = "clientClassId,sourceId,,\na,1,,\n,,,\n , ,,\nb,1\nc,1,,x\nd,1,,,,,\ne\n";
    let (lines, end) = read(CLASSES, text.as_bytes());
    assert_eq!(
        lines,
        [
            "2 clientClass",
            "5 clientClass",
            "6 clientClass : has a value in column 4, which has no name",
            "7 clientClass",
            "8 clientClass : has 1 cells, and must have 2",
        ]
    );
    assert_eq!(end, Ok(()));
}

#[test]
fn csv_with_a_broken_quote_is_read_up_to_the_quote() {
    const NEVER: &str = "a quote is opened here and never closed";
    const WITHIN: &str = "a quote is opened here, and its closing quote does not end the cell";
    let long = format!("a,1,x\nb,1,\"{}", "c,1,x\n".repeat(300_000));
    for (rows, records, problem) in [
        ("a,1,\"x\nb,1,y\nc,1,z\n", 0, format!("2:0 {NEVER}")),
        ("a,1,x\nb,1,\"y\nc,1,z\n", 1, format!("3:0 {NEVER}")),
        // The next quote closes it, some rows later.
        ("a,1,x\nb,1,\"y\nc,1,z\nd,1,\"w\"\n", 1, format!("3:0 {WITHIN}")),
        ("a,1,x\n\"b,1,y\nc,1,\"\"z\n", 1, format!("3:0 {NEVER}")),
        // Another cell of the row contains line ends.
        ("a,1,\"x\ny\"\n\"b\nb\",1,\"y\nc,1,z\n", 1, format!("5:0 {NEVER}")),
        ("a,1,\"x\" y\nb,1,y\n", 0, format!("2:0 {WITHIN}")),
        (long.as_str(), 1, "3:0 a quote is opened here and not closed within 1048576 bytes".to_owned()),
    ] {
        let text = format!("clientClassId,sourceId,description\n{rows}");
        let (lines, end) = read(CLASSES, text.as_bytes());
        assert_eq!((lines.len(), end), (records, Err(problem)), "{}", &text[..text.len().min(99)]);
    }
    let good =
        "clientClassId,sourceId,description\na,1,5\" pipe\nb,1,\"x\"\"y\" \nc,1,\"\"\nd,1,Ann \"Nan\" Lee\n";
    let (lines, end) = read(CLASSES, good.as_bytes());
    assert_eq!((lines.len(), end), (4, Ok(())), "{lines:?}");
}

#[test]
fn byte_order_mark_selects_the_encoding_in_every_format() {
    let json = format!(r#"{{"clientClasses": [{GOOD}]}}"#);
    let line = format!("{{\"type\": \"clientClass\", {}\n", &GOOD[1..]);
    let row = "clientClassId,sourceId,description\r\na,1,Zoë 🦀\r\n".to_owned();
    for (layout, text) in [(FileLayout::Json, json), (FileLayout::Ndjson, line), (CLASSES, row)] {
        let marked = format!("\u{feff}{text}");
        let little = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [text.clone().into_bytes(), marked.clone().into_bytes(), little, big] {
            let input = std::io::BufReader::new(input::to_utf8(&bytes[..]));
            let mut sink = RecordLines::default();
            let end = read_from(input, layout, Region::US, &mut sink);
            assert!(end.is_ok() && sink.lines.len() == 1, "{layout:?}: {:?}", sink.lines);
            assert!(sink.lines[0].ends_with("clientClass"), "{:?}", sink.lines);
        }
    }
}

#[test]
fn csv_with_an_unknown_or_duplicate_column_is_refused() {
    for (header, problem) in [
        ("clientId,fristName", "1:0 the column \"fristName\" is unknown: did you mean \"firstName\"?"),
        ("clientId,clientId", "1:0 the column \"clientId\" is there twice"),
    ] {
        let text = format!("{header}\n1,2\n");
        let (lines, end) = read(FileLayout::Csv(RecordKind::Client), text.as_bytes());
        assert_eq!((lines.len(), end), (0, Err(problem.to_owned())));
    }
}

#[test]
fn reading_stops_when_the_sink_is_closed() {
    let json = format!(r#"{{"clientClasses": [{GOOD}, {GOOD}, {GOOD}]}}"#);
    let line = format!("{{\"type\": \"clientClass\", {}\n", &GOOD[1..]);
    let row = "a,1\n";
    for (layout, text) in [
        (FileLayout::Json, json),
        (FileLayout::Ndjson, line.repeat(3)),
        (FileLayout::Csv(RecordKind::ClientClass), format!("clientClassId,sourceId\n{}", row.repeat(3))),
    ] {
        let mut sink = RecordLines { limit: Some(2), ..RecordLines::default() };
        let end = read_from(text.as_bytes(), layout, Region::US, &mut sink);
        assert!(matches!(end, Err(ReadError::SinkClosed)), "{layout:?}");
        assert_eq!(sink.lines.len(), 2);
    }
}

proptest! {
    #[test]
    fn readers_do_not_panic_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for layout in [FileLayout::Json, FileLayout::Ndjson, FileLayout::Csv(RecordKind::User)] {
            let _ = read(layout, &bytes);
        }
    }

    #[test]
    fn readers_do_not_panic_on_any_record(
        text in r#"\{("(id|name|roles|patients|clientClass|sourceId|clientId)": ?(null|1e9|"[a-z ]{0,3}"|\[1\]|\{\}|\[\{\}\]),?){0,5}\}"#
    ) {
        for kind in RecordKind::ALL {
            let list = format!(r#"{{"{}": [{text}]}}"#, kind.list());
            let _ = read(FileLayout::Json, list.as_bytes());
            let line = text.replacen('{', &format!(r#"{{"type": "{}","#, kind.as_str()), 1);
            let _ = read(FileLayout::Ndjson, line.as_bytes());
        }
    }
}
