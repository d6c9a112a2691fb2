//! Completions for shells: scripts that ask the program, see [`complete`](super::super::complete).

/// Makes a function that returns a file of `completions/` with the line ends of Unix, whatever the tree has.
macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(super) fn $name() -> String {
            include_str!(concat!("../../../completions/", $file)).replace("\r\n", "\n")
        }
    };
}

script!(bash, "netstat.bash");
script!(zsh, "_netstat");
script!(fish, "netstat.fish");
script!(powershell, "netstat.ps1");
