use crate::app::{Action, App, Folder};
use std::fs;

/// One component that shows `sub/a.txt`, and one that opens `a.txt` to write.
fn folder(files: &str) -> Folder {
    let folder = Folder::with_manifest(&format!(
        "spin_manifest_version = 2\napplication.name = \"test\"\n\
         [[trigger.http]]\nroute = \"/write\"\ncomponent = \"write\"\n\
         [[trigger.http]]\nroute = \"/show\"\ncomponent = \"show\"\n\
         [component.show]\nsource = \"show.wasm\"\n{files}\n\
         [component.write]\nsource = \"write.wasm\"\n{files}\n"
    ));
    folder.build("show", &Action::Show("sub/a.txt"));
    folder.build("write", &Action::Write("a.txt"));
    fs::create_dir_all(folder.path().join("assets/sub")).unwrap();
    fs::write(folder.path().join("assets/a.txt"), "top").unwrap();
    fs::write(folder.path().join("assets/sub/a.txt"), "one").unwrap();
    folder
}

fn shown(app: &App) -> (u16, Option<String>) {
    let answer = app.ask("/show", &[]);
    let text = answer.headers().get("echo").map(|text| text.to_str().unwrap().to_owned());
    (answer.status().as_u16(), text)
}

const ALL: &str = "files = [{ source = \"assets\", destination = \"/\" }]";

#[test]
fn files_are_read_and_not_written() {
    let folder = folder(ALL);
    let app = folder.up(&[]);
    assert_eq!(shown(&app), (200, Some("one".to_owned())));
    assert_eq!(app.get("/write"), 403);
    assert_eq!(fs::read_to_string(folder.path().join("assets/a.txt")).unwrap(), "top");
}

#[test]
fn a_component_sees_its_own_files_only() {
    for (files, expected) in [
        ("", (410, None)),
        ("files = [\"assets/**/*\"]", (404, None)),
        (
            "files = [{ source = \"assets/a.txt\", destination = \"sub/a.txt\" }]",
            (200, Some("top")),
        ),
        (
            "files = [{ source = \"assets\", destination = \"/\" }]\nexclude_files = [\"**/sub/*\"]",
            (404, None),
        ),
    ] {
        let app = folder(files);
        let app = app.up(&[]);
        let (status, text) = shown(&app);
        assert_eq!((status, text.as_deref()), expected, "{files}");
    }
}

#[test]
fn files_change_with_a_reload_or_at_once_where_they_are_mounted_directly() {
    for (arguments, at_once) in [(&[][..], "one"), (&["--direct-mounts"], "two")] {
        let folder = folder(ALL);
        let app = folder.up(arguments);
        fs::write(folder.path().join("assets/sub/a.txt"), "two").unwrap();
        assert_eq!(shown(&app).1.as_deref(), Some(at_once), "{arguments:?}");
        assert!(folder.run(&["reload"]).0);
        assert_eq!(shown(&app).1.as_deref(), Some("two"), "{arguments:?}");
        app.stop();
        // Copies that nobody needs any more do not add up.
        folder.up(arguments).stop();
        let copies = fs::read_dir(folder.path().join(".madang/files"));
        let copies = copies.map_or(0, |copies| copies.count());
        assert_eq!(copies, usize::from(arguments.is_empty()), "{arguments:?}");
    }
}

#[test]
fn faults_of_files_are_named_with_their_mend() {
    for (files, arguments, expected) in [
        (
            "files = [\"nowhere.txt\"]",
            &[][..],
            "[component.show]: files: \"nowhere.txt\": there is no",
        ),
        ("files = [\"assets\"]", &[], "write { source = \"assets\", destination = \"/…\" }"),
        ("files = [\"../*\"]", &[], "stays inside the manifest's folder"),
        (
            "files = [\"assets/*\"]",
            &["--direct-mounts"],
            "\"assets/*\" is no folder, and only folders can be mounted directly",
        ),
    ] {
        let said = folder(files).refused(arguments);
        assert!(said.contains(expected), "{files}: {said}");
    }
}

#[test]
fn the_environment_is_what_the_manifest_and_the_command_line_say() {
    let folder = Folder::new(
        &[("bare", Action::Environment), ("rich", Action::Environment)],
        "environment = { GREETING = \"hi\", PLACE = \"here\" }\n",
    );
    let app = folder.up(&["--env", "PLACE=there=then", "-e", "MORE=1"]);
    let rich = app.ask("/rich", &[]);
    for (name, expected) in [("greeting", "hi"), ("place", "there=then"), ("more", "1")] {
        assert_eq!(rich.headers()[name], expected);
    }
    let bare = app.ask("/bare", &[]);
    assert_eq!(bare.headers()["place"], "there=then");
    // Nothing of the host's own, either.
    assert!(bare.headers().get("greeting").is_none() && bare.headers().get("path").is_none());
}
