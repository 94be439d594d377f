use proptest::prelude::*;
use serde_json::json;

use super::*;

fn document() -> Value {
    json!({
        "a": "x<y", "n": 20_000_000, "f": 1.5, "ok": true, "z": null, "dot.key": "d",
        "list": [{"k": "v", "n": 1, "f": 1.5}, {"k": "w", "n": 2, "f": 2.5}, {"n": 3, "f": 0.5}],
        "texts": ["p", "q)", "r"],
        "map": {"b": {"c": 1}, "a": [2, 3]},
    })
}

#[test]
fn evaluates() {
    fn check(template: &str, want: &str) {
        let got = JsonPath::parse(template).and_then(|path| path.evaluate(&document()));
        assert_eq!(got.as_deref(), Ok(want), "{template}");
    }
    check("", "");
    check("plain } text", "plain } text");
    check(
        "{}",
        r#"{"a":"x\u003cy","dot.key":"d","f":1.5,"list":[{"f":1.5,"k":"v","n":1},{"f":2.5,"k":"w","n":2},{"f":0.5,"n":3}],"map":{"a":[2,3],"b":{"c":1}},"n":20000000,"ok":true,"texts":["p","q)","r"],"z":null}"#,
    );
    check("{.a}", "x<y");
    check("{$.a}", "x<y");
    check("{ @.a }", "x<y");
    check("a is {.a}, n is {.n}", "a is x<y, n is 2e+07");
    check("{.f} {.ok} {.z}", "1.5 true null");
    check("{['a']}", "x<y");
    check("{['a','f']}", "x<y 1.5");
    check("{.dot\\.key}", "d");
    check("{.map}", r#"{"a":[2,3],"b":{"c":1}}"#);
    check("{.map['b.c']}", "1");
    check("{.map.*}", r#"[2,3] {"c":1}"#);
    check("{.map..}", r#"{"a":[2,3],"b":{"c":1}} [2,3] {"c":1}"#);
    check("{..c}", "1");
    check("{.list[0].k}", "v");
    check("{.list[-2].k}", "w");
    check("{.list[*].n}", "1 2 3");
    check("{.list[0:2].n}", "1 2");
    check("{.list[1:].n}", "2 3");
    check("{.list[:-1].n}", "1 2");
    check("{.list[::2].n}", "1 3");
    check("{.list[0,2].n}", "1 3");
    check("{.list[].n}", "1");
    check("{.list[1:1]}", "");
    check("{.list[*].k}", "v w");
    check("{.texts[?(@=='r')]}", "r");
    check(r#"{.texts[?(@=="q)")]}"#, "q)");
    check("{.texts[?(@>'p')]}", "q) r");
    check("{.list[?(@.k)].n}", "1 2");
    check("{.list[?(@.f>=1.5)].n}", "1 2");
    check("{.list[?(@.n<@.f)].n}", "1 2");
    check("{.list[?(@.f!=1.5)].n}", "2 3");
    check("{range .list[*]}<{.n}>{end}!", "<1><2><3>!");
    check("{range .list[*]}{.n}{range .f}f{end};{end}", "1f;2f;3f;");
    check(r#"{"lit"} {'it'} {"a\tb\u00e9\x41\101"}"#, "lit it a\tbéAA");
    check("{5} {-1.5} {true}", "5 -1.5 true");
    check("{.texts[0].*}", "112");
}

#[test]
fn refuses() {
    fn check(template: &str, want: &str) {
        let error = JsonPath::parse(template)
            .and_then(|path| path.evaluate(&document()))
            .unwrap_err();
        assert!(error.to_string().contains(want), "{template}: {error}");
    }
    check("{", "unclosed action");
    check("}{", "unclosed action");
    check("{.a\n}", "unclosed action");
    check("{.list[0}", "unclosed array");
    check("{.list[?(@.n}", "unclosed filter");
    check("{.list[?(@.n)}", "unclosed filter");
    check("{\"a}", "unclosed quotes");
    check("{\"\\q\"}", "invalid literal");
    check("{1.2.3}", "invalid literal");
    check("{.list[x]}", "invalid array index");
    check("{.list[1:2:3:4]}", "invalid array index");
    check("{.list[99999999999999999999]}", "invalid array index");
    check("{.a#}", "a# is not found");
    check("{#}", "unexpected character '#'");
    check("{....a}", "more than one recursive descent");
    check("{name}", "unrecognized identifier \"name\"");
    check("{end}", "unrecognized identifier \"end\"");
    check("{.}", "is not found");
    check("{.no}", "no is not found");
    check("{.a.b}", "b is not found");
    check("{.a[0]}", "not a list");
    check("{.map[?(@.n)]}", "not a list");
    check("{.list[3]}", "out of bounds: index 3, length 3");
    check("{.list[0:4]}", "out of bounds: index 3, length 3");
    check("{.list[-4]}", "out of bounds: index -1, length 3");
    check("{.list[2:1]}", "must not end before");
    check("{.list[::-1]}", "must not end before");
    check("{.list[::0]}", "must not end before");
    check("{.list[?(@.f>1)]}", "cannot be compared");
    check("{.list[?(@.k>1.5)]}", "cannot be compared");
    check("{.list[?(@.f=~1.5)]}", "unexpected character '~'");
    check("{.list[?(@.f=!1.5)]}", "unrecognized filter operator \"=!\"");
    check("{.list[*].z}", "z is not found");
}

#[test]
fn nothing_has_no_fields() {
    fn check(template: &str, want: Result<&str, &str>) {
        let got = JsonPath::parse(template).and_then(|path| path.evaluate(&Value::Null));
        assert_eq!(
            got.map_err(|error| error.to_string()),
            want.map(str::to_owned).map_err(str::to_owned),
            "{template}"
        );
    }
    check("{}", Ok("<no value>"));
    check("{.a}", Err("a is not found"));
    check("{.*}", Ok(""));
    check("{[0]}", Err("the value is not a list"));
    check("x", Ok("x"));
}

proptest! {
    #[test]
    fn never_panics(
        template in "(\\{|\\}|\\.|\\[|\\]|\\?\\(|\\)|@|\\$|a|list|n|\\*|:|-|0|1|2|'|\"|,| |>|=|!|\\\\|range|end|é){0,14}",
        braces: bool,
    ) {
        let template = if braces { format!("{{{template}}}") } else { template };
        if let Ok(path) = JsonPath::parse(&template) {
            let _ = path.evaluate(&document());
            let _ = path.evaluate(&json!([[1, null], "a", {}]));
        }
    }
}
