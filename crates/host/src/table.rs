//! Tables for people.

use serde_json::Value;

/// Lines of aligned columns; the first row is the titles. A shorter row ends with a remark, which
/// goes to the end of its line and widens no column.
pub fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cells = |row: &Vec<String>| if row.len() < columns { row.len() - 1 } else { columns };
    let width = |column: usize| {
        let whole = rows.iter().filter(|row| column < cells(row));
        whole.map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A JSON value as a cell.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// Text of others, made fit for a terminal and for one line.
pub fn plain(text: &str) -> String {
    let part = |letter: char| match letter.is_control() {
        true => letter.escape_default().collect::<String>(),
        false => letter.to_string(),
    };
    text.chars().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_remarks_widen_none() {
        let rows =
            [vec!["A", "B"], vec!["long", "x"], vec!["하나", "yy"], vec!["what happened here"]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        assert_eq!(aligned(&rows), "A     B\nlong  x\n하나    yy\nwhat happened here\n");
    }

    #[test]
    fn what_others_wrote_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\nc 하"), "a\\u{1b}[2Jb\\nc 하");
    }
}
