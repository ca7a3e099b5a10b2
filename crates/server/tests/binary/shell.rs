//! What packages install beside the binary: completion scripts and the manual page.

use super::machine::Machine;

#[test]
fn completions_are_printed_for_each_shell() {
    let machine = Machine::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = machine.run(&["completions", shell], &[]);
        assert_eq!((script.status, script.err.as_str()), (0, ""), "{shell}");
        for word in ["asteroid", "outbox", "retry", "--failed"] {
            assert!(script.out.contains(word.trim_start_matches('-')), "{shell}: {word}");
        }
        assert!(!script.out.contains("--dead"), "{shell}");
    }
    assert_eq!(machine.run(&["completions", "tcsh"], &[]).status, 2);
}

#[test]
fn manual_page_lists_every_command() {
    let page = Machine::new().run(&["man"], &[]);
    assert_eq!((page.status, page.err.as_str()), (0, ""));
    assert!(page.out.contains(".TH asteroid 1"), "{}", page.out);
    for command in ["serve", "migrate", "import", "copy", "outbox", "completions"] {
        assert!(page.out.contains(&format!("asteroid\\-{command}(1)")), "{command}: {}", page.out);
    }
}
