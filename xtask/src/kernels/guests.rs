//! Which kernels are booted, and how guests differ.

/// How much is asked of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The table, the recorder and a capture.
    Quick,
    Whole,
}

/// A kernel of Debian: the newest of a release, in the flavour for clouds, which is small.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    pub(super) name: &'static str,
    /// The code name of the release.
    pub(super) release: &'static str,
    /// What follows the code name in the suites that are asked.
    pub(super) suites: &'static [&'static str],
}

/// One boot.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) name: &'static str,
    pub(super) kernel: &'static Kernel,
    /// Words for the kernel.
    pub(super) parameters: &'static str,
    /// Words for the scripts in the guest.
    pub(super) words: &'static str,
    /// Modules that the guest lacks.
    pub(super) without: &'static [&'static str],
    /// What is special about it, in English and Korean; nothing for a kernel as it comes.
    pub(super) special: Option<(&'static str, &'static str)>,
    /// Whether it is one of those that every change is tried with.
    pub(super) quick: bool,
}

const BULLSEYE: Kernel = Kernel { name: "bullseye", release: "bullseye", suites: &["", "-security"] };
const BOOKWORM: Kernel =
    Kernel { name: "bookworm", release: "bookworm", suites: &["", "-updates", "-security"] };
const BOOKWORM_BACKPORTS: Kernel =
    Kernel { name: "bookworm-backports", release: "bookworm", suites: &["-backports"] };
const TRIXIE: Kernel = Kernel { name: "trixie", release: "trixie", suites: &["", "-updates", "-security"] };
const TRIXIE_BACKPORTS: Kernel =
    Kernel { name: "trixie-backports", release: "trixie", suites: &["-backports"] };
const SID: Kernel = Kernel { name: "sid", release: "sid", suites: &[""] };
const EXPERIMENTAL: Kernel = Kernel { name: "experimental", release: "experimental", suites: &[""] };

const fn plain(kernel: &'static Kernel, quick: bool) -> Guest {
    Guest { name: kernel.name, kernel, parameters: "", words: "", without: &[], special: None, quick }
}

const fn special(
    name: &'static str,
    kernel: &'static Kernel,
    parameters: &'static str,
    words: &'static str,
    of: (&'static str, &'static str),
) -> Guest {
    Guest { name, kernel, parameters, words, without: &[], special: Some(of), quick: false }
}

pub(super) const GUESTS: &[Guest] = &[
    plain(&BULLSEYE, true),
    plain(&BOOKWORM, false),
    plain(&BOOKWORM_BACKPORTS, false),
    plain(&TRIXIE, true),
    plain(&TRIXIE_BACKPORTS, false),
    plain(&SID, false),
    plain(&EXPERIMENTAL, false),
    special(
        "lockdown",
        &BOOKWORM,
        "lockdown=confidentiality",
        "",
        ("`lockdown=confidentiality`", "`lockdown=confidentiality`"),
    ),
    special(
        "unprivileged",
        &TRIXIE,
        "",
        "unprivileged",
        ("`kernel.unprivileged_bpf_disabled=2`", "`kernel.unprivileged_bpf_disabled=2`"),
    ),
    special("nojit", &TRIXIE, "", "nojit", ("`net.core.bpf_jit_enable=0`", "`net.core.bpf_jit_enable=0`")),
    special("hidepid", &TRIXIE, "", "hidepid", ("/proc with `hidepid=2`", "/proc에 `hidepid=2`")),
    Guest {
        without: &["tcp_diag", "udp_diag"],
        ..special("nodiag", &TRIXIE, "", "", ("no tcp_diag, no udp_diag", "tcp_diag와 udp_diag 없음"))
    },
    Guest {
        without: &["udp_diag"],
        ..special("noudpdiag", &TRIXIE, "", "", ("no udp_diag", "udp_diag 없음"))
    },
    special("noipv6", &TRIXIE, "ipv6.disable=1", "", ("`ipv6.disable=1`", "`ipv6.disable=1`")),
    special("cgroup1", &BOOKWORM, "", "cgroup1", ("cgroup v1", "cgroup v1")),
];

pub(super) fn named(name: &str) -> Option<&'static Guest> {
    GUESTS.iter().find(|guest| guest.name == name)
}
