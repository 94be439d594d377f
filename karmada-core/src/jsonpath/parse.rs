//! Reading templates.

use super::{JsonPathError, Node, Slice};

/// Reads a template: text, and actions in braces.
pub(super) fn template(text: &str) -> Result<Vec<Node>, JsonPathError> {
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            nodes.push(Node::Text(before.to_owned()));
        }
        let mut scanner = Scanner {
            rest: after,
            before: '{',
        };
        nodes.push(Node::List(action(&mut scanner)?));
        rest = scanner.rest;
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    Ok(nodes)
}

/// Reads what stands in brackets or in a filter as an action of its own. As upstream, what follows a closing brace in it is
/// not looked at any more, but has to be readable.
fn nested(text: &str) -> Result<Vec<Node>, JsonPathError> {
    match template(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

/// The text that has not been read yet.
struct Scanner<'a> {
    rest: &'a str,
    /// The character read last.
    before: char,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        self.before = next;
        Some(next)
    }

    fn strip(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What was read since `start` was what had not been.
    fn since(&self, start: &'a str) -> &'a str {
        start.get(..start.len() - self.rest.len()).unwrap_or_default()
    }

    /// Reads on as long as characters belong.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&belongs) {
            self.next();
        }
        self.since(start)
    }
}

/// Reads an action up to its closing brace.
fn action(scanner: &mut Scanner<'_>) -> Result<Vec<Node>, JsonPathError> {
    let mut nodes = Vec::new();
    loop {
        if scanner.strip("}") {
            return Ok(nodes);
        }
        if scanner.strip("[?(") {
            nodes.push(filter(scanner)?);
            continue;
        }
        if scanner.strip("..") {
            if nodes.last() == Some(&Node::Recursive) {
                return Err(JsonPathError::RepeatedDescent);
            }
            nodes.push(Node::Recursive);
            if scanner.peek().is_some_and(is_word) {
                nodes.push(field(scanner));
            }
            continue;
        }
        match scanner.peek() {
            None | Some('\r' | '\n') => return Err(JsonPathError::Unclosed { what: "action" }),
            // The object at hand, which is what everything starts from.
            Some(' ' | '@' | '$') => {
                scanner.next();
            }
            Some('[') => {
                scanner.next();
                array(scanner, &mut nodes)?;
            }
            Some(quote @ ('"' | '\'')) => {
                scanner.next();
                nodes.push(quoted(scanner, quote)?);
            }
            Some('.') => {
                scanner.next();
                nodes.push(field(scanner));
            }
            Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => nodes.push(number(scanner)?),
            Some(c) if is_word(c) => nodes.push(word(scanner)),
            Some(character) => return Err(JsonPathError::UnexpectedCharacter { character }),
        }
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a name ends before this character.
fn ends_name(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'
    )
}

fn word(scanner: &mut Scanner<'_>) -> Node {
    match scanner.take(|c| !ends_name(c)) {
        "true" => Node::Bool(true),
        "false" => Node::Bool(false),
        name => Node::Identifier(name.to_owned()),
    }
}

/// A field's name; a backslash makes the character after it part of the name.
fn field(scanner: &mut Scanner<'_>) -> Node {
    let start = scanner.rest;
    while let Some(c) = scanner.peek() {
        if c == '\\' {
            scanner.next();
        } else if ends_name(c) {
            break;
        }
        scanner.next();
    }
    match scanner.since(start) {
        "*" => Node::Wildcard,
        name => Node::Field(name.replace('\\', "")),
    }
}

fn number(scanner: &mut Scanner<'_>) -> Result<Node, JsonPathError> {
    let start = scanner.rest;
    if matches!(scanner.peek(), Some('+' | '-')) {
        scanner.next();
    }
    scanner.take(|c| c == '.' || c.is_ascii_digit());
    let text = scanner.since(start);
    if let Ok(number) = text.parse() {
        return Ok(Node::Int(number));
    }
    match text.parse() {
        Ok(number) => Ok(Node::Float(number)),
        Err(_) => Err(JsonPathError::InvalidLiteral {
            text: text.to_owned(),
        }),
    }
}

/// What stands in brackets: keys or indices, several of them separated by commas.
fn array(scanner: &mut Scanner<'_>, nodes: &mut Vec<Node>) -> Result<(), JsonPathError> {
    let text = scanner.take(|c| c != ']' && c != '\n');
    if scanner.next() != Some(']') {
        return Err(JsonPathError::Unclosed { what: "array" });
    }
    let text = if text == "*" { ":" } else { text };
    if text.contains(',') {
        let parts = text
            .split(',')
            .map(|part| nested(&format!("[{}]", part.trim_matches(' '))));
        nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
        return Ok(());
    }
    let key = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
        .filter(|key| !key.contains('\''));
    if let Some(key) = key {
        nodes.extend(nested(&format!(".{key}"))?);
        return Ok(());
    }
    nodes.push(Node::Array(slice(text)?));
    Ok(())
}

fn slice(text: &str) -> Result<Slice, JsonPathError> {
    let invalid = || JsonPathError::InvalidIndex {
        text: text.to_owned(),
    };
    let index = |text: &str| -> Result<Option<i64>, JsonPathError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(invalid());
        }
        if text.is_empty() {
            Ok(None)
        } else {
            text.parse().map(Some).map_err(|_| invalid())
        }
    };
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [start] => {
            let start = index(start)?;
            Ok(Slice {
                start,
                end: Some(start.unwrap_or(0).saturating_add(1)),
                single: true,
                step: None,
            })
        }
        [start, end] => Ok(Slice {
            start: index(start)?,
            end: index(end)?,
            single: false,
            step: None,
        }),
        [start, end, step] => Ok(Slice {
            start: index(start)?,
            end: index(end)?,
            single: false,
            step: index(step)?,
        }),
        _ => Err(invalid()),
    }
}

/// What stands in `[?(...)]`: a comparison, or a path that must lead somewhere.
fn filter(scanner: &mut Scanner<'_>) -> Result<Node, JsonPathError> {
    let unclosed = JsonPathError::Unclosed { what: "filter" };
    let start = scanner.rest;
    // The first quote opens a text, the next one of its kind closes it, and a parenthesis in between is part of it.
    let mut quote = None;
    let mut closed = false;
    let text = loop {
        let before = scanner.before;
        let read = scanner.since(start);
        match scanner.next() {
            None | Some('\n') => return Err(unclosed),
            Some(c @ ('"' | '\'')) => match quote {
                None => quote = Some(c),
                Some(open) => closed |= open == c && before != '\\',
            },
            Some(')') if quote.is_some() == closed => break read,
            Some(_) => {}
        }
    };
    if scanner.next() != Some(']') {
        return Err(unclosed);
    }
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let comparison = text.find(is_operator).filter(|at| *at > 0).and_then(|at| {
        let (left, rest) = text.split_at_checked(at)?;
        let operators = rest.find(|c| !is_operator(c)).unwrap_or(rest.len());
        // Something has to be left to compare with.
        let operators = if operators == rest.len() {
            operators - 1
        } else {
            operators
        };
        let (operator, right) = rest.split_at_checked(operators)?;
        (!operator.is_empty()).then_some((left, operator, right))
    });
    let Some((left, operator, right)) = comparison else {
        return Ok(Node::Filter {
            left: nested(text)?,
            right: Vec::new(),
            operator: "exists".to_owned(),
        });
    };
    Ok(Node::Filter {
        left: nested(left)?,
        right: nested(right)?,
        operator: operator.to_owned(),
    })
}

/// A text in quotes, with Go's escapes.
fn quoted(scanner: &mut Scanner<'_>, quote: char) -> Result<Node, JsonPathError> {
    let start = scanner.rest;
    let text = loop {
        let before = scanner.before;
        let read = scanner.since(start);
        match scanner.next() {
            None | Some('\n') => return Err(JsonPathError::Unclosed { what: "quotes" }),
            Some(c) if c == quote && before != '\\' => break read,
            Some(_) => {}
        }
    };
    match unescape(text, quote) {
        Some(text) => Ok(Node::Text(text)),
        None => Err(JsonPathError::InvalidLiteral {
            text: text.to_owned(),
        }),
    }
}

fn unescape(text: &str, quote: char) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next()? {
            'a' => bytes.push(0x07),
            'b' => bytes.push(0x08),
            'f' => bytes.push(0x0c),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(0x0b),
            '\\' => bytes.push(b'\\'),
            c if c == quote => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            'x' => bytes.push(u8::try_from(code(&mut chars, 2, 16, 0)?).ok()?),
            'u' => bytes.extend(
                char::from_u32(code(&mut chars, 4, 16, 0)?)?
                    .encode_utf8(&mut [0; 4])
                    .as_bytes(),
            ),
            'U' => bytes.extend(
                char::from_u32(code(&mut chars, 8, 16, 0)?)?
                    .encode_utf8(&mut [0; 4])
                    .as_bytes(),
            ),
            first => bytes.push(u8::try_from(code(&mut chars, 2, 8, first.to_digit(8)?)?).ok()?),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Reads so many more digits of a number.
fn code(chars: &mut std::str::Chars<'_>, count: usize, radix: u32, start: u32) -> Option<u32> {
    (0..count).try_fold(start, |code, _| {
        code.checked_mul(radix)?
            .checked_add(chars.next()?.to_digit(radix)?)
    })
}
