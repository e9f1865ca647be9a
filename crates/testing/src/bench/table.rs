//! Figures that depend on one quantity: a table for people, and a drawing of it.

use crate::figures::number;
use anyhow::{Context, Result, anyhow};
use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::ranged1d::{AsRangedCoord, ValueFormatter},
    prelude::*,
};
use std::{fs, path::Path};

/// Pixels.
const SIZE: (u32, u32) = (760, 380);

/// What was measured at several values of one quantity.
pub struct Table {
    /// What it is called in files: `stored-rate`.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The quantity, and whether its values are far apart.
    pub x: (&'static str, Scale),
    /// The columns' unit.
    pub unit: &'static str,
    /// The columns' names.
    pub columns: Vec<String>,
    /// Whether each second column is the native server's: drawn in the colour of the one before it, but paler.
    pub in_pairs: bool,
    /// The quantity, and the columns' values there.
    pub rows: Vec<(f64, Vec<f64>)>,
}

/// What was measured of several things.
pub struct List {
    /// What it is called in files: `systems-bookrent`.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The columns' names, the first that of the things.
    pub head: Vec<&'static str>,
    /// Their cells.
    pub rows: Vec<Vec<String>>,
}

impl List {
    /// In Markdown.
    pub fn markdown(&self) -> String {
        let head = line(self.head.iter().map(ToString::to_string));
        let rule = format!("|---|{}\n", "--:|".repeat(self.head.len().saturating_sub(1)));
        let rows = self.rows.iter().map(|row| line(row.iter().cloned()));
        [head, rule].into_iter().chain(rows).collect()
    }
}

/// A line of a table in Markdown.
fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// How an axis is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal factors.
    Logarithmic,
}

impl Table {
    /// In Markdown.
    pub fn markdown(&self) -> String {
        let head = [format!("{} ({})", self.x.0, self.unit)].into_iter();
        let head = line(head.chain(self.columns.iter().cloned()));
        let rule = format!("|{}\n", "--:|".repeat(self.columns.len() + 1));
        let rows = self
            .rows
            .iter()
            .map(|(x, values)| line([*x].iter().chain(values).map(|value| number(*value))));
        [head, rule].into_iter().chain(rows).collect()
    }

    /// Draws it into a file. From 0 up, so that what looks twice as high is.
    pub fn draw(&self, path: &Path) -> Result<()> {
        let first = self.rows.first().context("nothing was measured")?.0;
        let last = self.rows.last().context("nothing was measured")?.0;
        let xs = first..last.max(first + 1.0);
        match self.x.1 {
            Scale::Linear => self.draw_over(path, xs),
            Scale::Logarithmic => self.draw_over(path, xs.log_scale()),
        }
    }

    /// How much higher than the highest value the drawing is: the names are in its upper left corner, where there
    /// is room below what rises, and has to be made above what does not.
    fn height(&self) -> f64 {
        let sum =
            |row: Option<&(f64, Vec<f64>)>| row.map_or(0.0, |(_, values)| values.iter().sum());
        if sum(self.rows.last()) > 2.0 * sum(self.rows.first()) { 1.08 } else { 1.5 }
    }

    fn draw_over<X>(&self, path: &Path, xs: X) -> Result<()>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
    {
        let root = SVGBackend::new(path, SIZE).into_drawing_area();
        let highest = self.rows.iter().flat_map(|(_, values)| values).fold(0.0, |a, b| b.max(a));
        let beside = if self.in_pairs { "; paler: native" } else { "" };
        let caption = format!("{} ({}{beside})", self.title, self.unit);
        let drawn = (|| {
            root.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&root)
                .caption(caption, ("sans-serif", 18))
                .margin(12)
                // Half of the last number stands there.
                .margin_right(36)
                .x_label_area_size(40)
                .y_label_area_size(64)
                .build_cartesian_2d(xs, 0.0..highest.max(1e-9) * self.height())?;
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .x_desc(self.x.0)
                .x_label_formatter(&|x| number(*x))
                .y_label_formatter(&|y| number(*y))
                .draw()?;
            for (column, name) in self.columns.iter().enumerate() {
                let color = match self.in_pairs {
                    true => {
                        Palette99::pick(column / 2).mix(if column % 2 == 0 { 1.0 } else { 0.4 })
                    }
                    false => Palette99::pick(column).to_rgba(),
                };
                let points: Vec<_> =
                    self.rows.iter().map(|(x, values)| (*x, values[column])).collect();
                let line =
                    chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
                if !self.in_pairs || column % 2 == 0 {
                    line.label(name).legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
                }
                chart.draw_series(
                    points.iter().map(|point| Circle::new(*point, 3, color.filled())),
                )?;
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.2))
                .draw()?;
            root.present()
        })();
        drawn.map_err(|error| anyhow!("{}: {error}", path.display()))
    }
}

/// Prints lists and tables; and, if asked to, draws the tables into `docs/performance` and puts all of them into
/// `docs/PERFORMANCE.md`, each between the two comments that name it.
pub fn publish(lists: &[List], tables: &[Table], repository: &Path, write: bool) -> Result<()> {
    for list in lists {
        println!("\n{}\n{}", list.title, list.markdown());
    }
    for table in tables {
        println!("\n{}\n{}", table.title, table.markdown());
    }
    if !write {
        return Ok(());
    }
    let (page, folder) =
        (repository.join("docs/PERFORMANCE.md"), repository.join("docs/performance"));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let lists = lists.iter().map(|list| (list.name.as_str(), format!("\n{}\n", list.markdown())));
    let drawn = tables.iter().map(|table| {
        let Table { name, title, .. } = table;
        (*name, format!("\n![{title}](performance/{name}.svg)\n\n{}\n", table.markdown()))
    });
    let text = lists.chain(drawn).try_fold(text, |text, (name, block)| {
        replaced(&text, name, &block)
            .with_context(|| format!("{} has no place for {name}", page.display()))
    })?;
    for table in tables {
        table.draw(&folder.join(format!("{}.svg", table.name)))?;
    }
    fs::write(&page, text).with_context(|| page.display().to_string())
}

/// The text with another block between the comments of this name.
fn replaced(text: &str, name: &str, block: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&begin)? + begin.len();
    let to = from + text[from..].find(&end)?;
    Some(format!("{}{block}{}", &text[..from], &text[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            name: "growth",
            title: "Growth",
            x: ("clients", Scale::Logarithmic),
            unit: "/s",
            columns: vec!["one".to_owned(), "other".to_owned()],
            in_pairs: false,
            rows: vec![(1.0, vec![10.0, 0.5]), (64.0, vec![2_000.0, 7.25])],
        }
    }

    #[test]
    fn a_table_is_written_and_drawn() {
        assert_eq!(
            table().markdown(),
            "| clients (/s) | one | other |\n|--:|--:|--:|\n| 1 | 10 | 0.50 |\n| 64 | 2,000 | 7.25 |\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growth.svg");
        for in_pairs in [false, true] {
            Table { in_pairs, ..table() }.draw(&path).unwrap();
            let drawn = fs::read_to_string(&path).unwrap();
            let has = |name: &str| drawn.lines().any(|line| line == name);
            assert!(drawn.contains("<svg") && has("one") && drawn.contains("polyline"));
            assert_eq!(has("other"), !in_pairs);
            assert_eq!(drawn.contains("opacity=\"0.4\""), in_pairs);
        }
    }

    #[test]
    fn a_list_is_written() {
        let list = List {
            name: "systems-one".to_owned(),
            title: "One".to_owned(),
            head: vec!["request", "/s"],
            rows: vec![vec!["`GET /one`".to_owned(), "2,000".to_owned()]],
        };
        assert_eq!(list.markdown(), "| request | /s |\n|---|--:|\n| `GET /one` | 2,000 |\n");
    }

    #[test]
    fn what_has_no_place_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        let page = folder.path().join("docs/PERFORMANCE.md");
        fs::write(&page, "<!-- other -->\n<!-- /other -->\n").unwrap();
        let error = publish(&[], &[table()], folder.path(), true).unwrap_err().to_string();
        assert!(error.contains("has no place for growth"), "{error}");
        assert!(!folder.path().join("docs/performance/growth.svg").exists());
        fs::write(&page, "<!-- growth -->\n<!-- /growth -->\n").unwrap();
        publish(&[], &[table()], folder.path(), true).unwrap();
        assert!(fs::read_to_string(&page).unwrap().contains("| 64 | 2,000 | 7.25 |"));
        assert!(folder.path().join("docs/performance/growth.svg").exists());
    }

    #[test]
    fn a_block_is_replaced_and_nothing_else() {
        let text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let new = replaced(text, "x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n");
        assert_eq!(replaced(&new, "y", ""), None);
    }
}
