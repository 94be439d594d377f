//! What a report is made of, and how it is written.

use std::fmt::Write as _;

/// A report: the same for every form it is written in.
#[derive(Debug, Default)]
pub(super) struct Document {
    blocks: Vec<Block>,
}

#[derive(Debug)]
enum Block {
    Heading(String),
    /// Sentences, a line each.
    Lines(Vec<String>),
    Items(Vec<String>),
    Table {
        headings: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
}

impl Document {
    pub(super) fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    pub(super) fn lines(&mut self, lines: Vec<String>) {
        if !lines.is_empty() {
            self.blocks.push(Block::Lines(lines));
        }
    }

    pub(super) fn items(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::Items(items));
        }
    }

    pub(super) fn table<const N: usize>(&mut self, headings: [&'static str; N], rows: Vec<[String; N]>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table {
                headings: headings.to_vec(),
                rows: rows.into_iter().map(Vec::from).collect(),
            });
        }
    }

    /// For a terminal.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            if !out.is_empty() && !out.ends_with(":\n") {
                out.push('\n');
            }
            match block {
                Block::Heading(text) => line(&mut out, &format!("{text}:")),
                Block::Lines(lines) => lines.iter().for_each(|text| line(&mut out, text)),
                Block::Items(items) => items
                    .iter()
                    .for_each(|text| line(&mut out, &format!("  - {text}"))),
                Block::Table { headings, rows } => columns(&mut out, headings, rows),
            }
        }
        out
    }

    /// For issues, chats and web pages.
    pub(super) fn to_markdown(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            if !out.is_empty() {
                out.push('\n');
            }
            match block {
                Block::Heading(text) => line(&mut out, &format!("### {}", escaped(text))),
                Block::Lines(lines) => {
                    let lines: Vec<String> = lines.iter().map(|text| escaped(text)).collect();
                    line(&mut out, &lines.join("  \n"));
                }
                Block::Items(items) => items
                    .iter()
                    .for_each(|text| line(&mut out, &format!("- {}", escaped(text)))),
                Block::Table { headings, rows } => {
                    line(&mut out, &format!("| {} |", headings.join(" | ")));
                    line(&mut out, &format!("|{}", "---|".repeat(headings.len())));
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
                        line(&mut out, &format!("| {} |", cells.join(" | ")));
                    }
                }
            }
        }
        out
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Lines up columns under their headings.
fn columns(out: &mut String, headings: &[&'static str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut write_row = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::from("  ");
        for (width, cell) in widths.iter().zip(cells) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{cell:width$}  ");
        }
        line(out, &text);
    };
    write_row(&mut headings.iter().copied());
    for row in rows {
        write_row(&mut row.iter().map(String::as_str));
    }
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#'
        ) {
            out.push('\\');
        }
        out.push(if character == '\n' { ' ' } else { character });
    }
    out
}
