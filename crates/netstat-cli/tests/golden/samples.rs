//! What is known of each sample: its command, how far its blanks can be trusted, and which of its lines are not
//! output of that command.

/// The command.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) pid: bool,
    pub(crate) offload: bool,
    pub(crate) owners: bool,
    pub(crate) names: bool,
}

const AN: Form = Form { pid: false, offload: false, owners: false, names: false };
const ANO: Form = Form { pid: true, ..AN };
const PLAIN: Form = Form { names: true, ..AN };

/// What has become of blanks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blanks {
    /// The raw bytes: also compared whole.
    Exact,
    /// A paste that kept them all.
    Kept,
    /// A paste without blanks at the ends of lines.
    TrailingLost,
    /// A paste with blanks for TABs, and none at the ends of lines.
    TabsExpanded,
}

/// What stands above the rows; trailing blanks there are never compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// Empty line, title, empty line, headings.
    Whole,
    /// The same without its empty lines.
    WithoutEmptyLines,
    /// Only the headings: `findstr` left them out or let them through.
    HeadingOnly,
    /// Nothing.
    None,
}

pub(crate) struct Sample {
    pub(crate) file: &'static str,
    pub(crate) form: Form,
    pub(crate) korean: bool,
    pub(crate) rows: usize,
    pub(crate) blanks: Blanks,
    pub(crate) head: Head,
    /// The name of the machine, where names are shown.
    pub(crate) host: Option<&'static str>,
    /// The first line of the part that is meant, where a file has several.
    pub(crate) from: Option<&'static str>,
    /// The first line after it.
    pub(crate) until: Option<&'static str>,
    /// Lines around the table: prompts, remarks, headings in a language that is not ours.
    pub(crate) skipped: &'static [&'static str],
    /// Lines among the rows that are not the table's.
    pub(crate) stray: &'static [&'static str],
    /// What is replaced before anything else, and how often it is there.
    pub(crate) edits: &'static [(&'static str, &'static str, usize)],
}

const BASE: Sample = Sample {
    file: "",
    form: AN,
    korean: false,
    rows: 0,
    blanks: Blanks::TrailingLost,
    head: Head::None,
    host: None,
    from: None,
    until: None,
    skipped: &[],
    stray: &[],
    edits: &[],
};

const FAILURE: &str = " Can not obtain ownership information";

/// Not rendered again, and why.
pub(crate) const EXCLUDED: [(&str, &str); 2] = [
    ("winxp-sp2_-anb_components.txt", "XP listed the libraries of each socket, in another layout"),
    ("winxp_-a_names.txt", "XP put names in the local column and cut long ones"),
];

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        file: "win10_netstat__jc.txt",
        form: PLAIN,
        rows: 32,
        blanks: Blanks::Exact,
        head: Head::Whole,
        host: Some("api"),
        ..BASE
    },
    Sample {
        file: "win10_netstat-an__jc.txt",
        rows: 260,
        blanks: Blanks::Exact,
        head: Head::Whole,
        // Somebody made this address unrecognisable, with a letter that is no digit.
        edits: &[("[fe80::asda:", "[fe80::a5da:", 1)],
        ..BASE
    },
    Sample {
        file: "win10_netstat-aon__jc.txt",
        form: ANO,
        rows: 208,
        blanks: Blanks::Exact,
        head: Head::Whole,
        ..BASE
    },
    Sample {
        file: "win10_netstat-aonb__jc.txt",
        form: Form { owners: true, ..ANO },
        rows: 318,
        blanks: Blanks::Exact,
        head: Head::Whole,
        ..BASE
    },
    Sample {
        file: "win11_-an_and_route_2.txt",
        rows: 22,
        until: Some("IPv6 Route Table"),
        skipped: &[""],
        ..BASE
    },
    Sample {
        file: "win11_-a_ipv6_unresolved-and-resolved.txt",
        form: PLAIN,
        rows: 6,
        host: Some("Dharshan"),
        until: Some(""),
        skipped: &["(excerpts from two public lab reports; see INDEX.md)"],
        ..BASE
    },
    Sample {
        file: "win11_-a_ipv6_unresolved-and-resolved.txt",
        form: PLAIN,
        rows: 5,
        host: Some("ISRAVEL"),
        from: Some(""),
        skipped: &[""],
        ..BASE
    },
    Sample { file: "win_service-name_ms-do.txt", form: PLAIN, rows: 4, ..BASE },
    Sample {
        file: "win10_plain_short-names.txt",
        form: PLAIN,
        rows: 9,
        head: Head::Whole,
        skipped: &["$ netstat"],
        ..BASE
    },
    Sample { file: "srv-ec2_-a_hostname.txt", form: PLAIN, rows: 7, host: Some("EC2AMAZ-DBUEIJC"), ..BASE },
    Sample {
        file: "win10_-ab_no-pid_thm.txt",
        form: Form { owners: true, ..PLAIN },
        rows: 3,
        head: Head::Whole,
        host: Some("thm-c2"),
        skipped: &[r"C:\Users\tryhackme>netstat -a -b"],
        ..BASE
    },
    Sample {
        file: "win10_-abno_thm-server.txt",
        form: Form { owners: true, ..ANO },
        rows: 5,
        head: Head::Whole,
        skipped: &[r"C:\>netstat -abno", "[...]"],
        ..BASE
    },
    Sample {
        file: "win_t_-nat_htb-grandpa_srv2003.txt",
        form: Form { offload: true, ..AN },
        rows: 11,
        blanks: Blanks::Kept,
        head: Head::Whole,
        ..BASE
    },
    Sample {
        file: "win_t_-nat_htb-granny_srv2003_with_udp.txt",
        form: Form { offload: true, ..AN },
        rows: 12,
        blanks: Blanks::Kept,
        head: Head::Whole,
        ..BASE
    },
    Sample {
        file: "win_t_slash-nat_srv2019_htb.txt",
        form: Form { offload: true, ..AN },
        rows: 7,
        blanks: Blanks::Kept,
        head: Head::Whole,
        skipped: &[r"S C:\users\sfitz\Documents> netstat /nat"],
        ..BASE
    },
    Sample {
        file: "win_ot_-oat_srv2022_htb-flight_tab.txt",
        form: Form { pid: true, offload: true, ..PLAIN },
        rows: 4,
        blanks: Blanks::Kept,
        head: Head::Whole,
        host: Some("g0"),
        skipped: &[r"PS C:\Windows\system32> netstat -oat", "netstat -oat"],
        ..BASE
    },
    Sample {
        file: "win_ot_-nto_srv2019_htb-monteverde.txt",
        form: Form { offload: true, ..ANO },
        rows: 3,
        blanks: Blanks::TabsExpanded,
        head: Head::Whole,
        skipped: &[r"*Evil-WinRM* PS C:\Users\Administrator\Desktop> netstat -nto"],
        ..BASE
    },
    Sample {
        file: "win_q_bound_-aqn_wsl.txt",
        rows: 1,
        skipped: &[r#"C:\>netstat -a -q -n | findstr ":22""#],
        ..BASE
    },
    Sample { file: "win_q_bound_-anoq.txt", form: ANO, rows: 4, ..BASE },
    Sample {
        file: "srv2008_-nabo.txt",
        form: Form { owners: true, ..ANO },
        rows: 6,
        head: Head::WithoutEmptyLines,
        skipped: &[r"C:\Windows\system32>netstat -nabo"],
        // Some old systems let this through; it is an error of the program, not a part of the table.
        stray: &["x: Windows Sockets initialization failed: 5"],
        ..BASE
    },
    // The title and headings of Spanish and French are not ours to print; the rows are the same.
    Sample {
        file: "es_win10_-o_-b_-nabo.txt",
        form: Form { pid: true, ..PLAIN },
        rows: 5,
        host: Some("DESKTOP-DQP1BRI"),
        until: Some(r"C:\Windows\system32>netstat -b"),
        skipped: &[
            r"C:\Users\user>netstat -o",
            "",
            "Conexiones activas",
            "  Proto  Dirección local          Dirección remota        Estado           PID",
        ],
        ..BASE
    },
    Sample {
        file: "es_win10_-o_-b_-nabo.txt",
        form: Form { owners: true, ..PLAIN },
        rows: 5,
        host: Some("DESKTOP-DQP1BRI"),
        from: Some(r"C:\Windows\system32>netstat -b"),
        until: Some(OEM_REMARK),
        skipped: &[
            r"C:\Windows\system32>netstat -b",
            "",
            "Conexiones activas",
            "  Proto  Dirección local        Dirección remota       Estado",
        ],
        edits: &[(" No se puede obtener información de propiedad", FAILURE, 1)],
        ..BASE
    },
    Sample {
        file: "es_win10_-o_-b_-nabo.txt",
        form: Form { owners: true, ..ANO },
        rows: 6,
        from: Some(OEM_REMARK),
        skipped: &[
            OEM_REMARK,
            "",
            "Conexiones activas",
            "  Proto  Direcci\u{a2}n local          Direcci\u{a2}n remota        Estado           PID",
        ],
        edits: &[(" No se puede obtener informaci\u{a2}n de propiedad", FAILURE, 2)],
        ..BASE
    },
    Sample {
        file: "fr_win10_-abo_-b.txt",
        form: Form { pid: true, owners: true, ..PLAIN },
        rows: 6,
        host: Some("LAPTOP-DPNRPKUF"),
        edits: &[(" Impossible d’obtenir les informations de propriétaire", FAILURE, 1)],
        ..BASE
    },
    Sample {
        file: "fr_plain_ipv6.txt",
        form: PLAIN,
        rows: 4,
        skipped: &[
            "(source indents every line by 7; removed here)",
            "  Connexions actives",
            "",
            "  Proto  Adresse locale         Adresse distante       État",
        ],
        ..BASE
    },
    // German Windows translates the states, at the end of the line; all before them is the same.
    Sample {
        file: "de_-an_states.txt",
        rows: 4,
        edits: &[
            ("HERGESTELLT", "ESTABLISHED", 2),
            ("ABHÖREN", "LISTENING", 1),
            ("SCHLIESSEN_WARTEN", "CLOSE_WAIT", 1),
        ],
        ..BASE
    },
    Sample {
        file: "ko_-p-tcp-ano_win10.txt",
        form: ANO,
        korean: true,
        rows: 8,
        head: Head::Whole,
        skipped: &[r"C:\Windows\system32>netstat -p tcp -ano"],
        ..BASE
    },
    Sample {
        file: "ko_-nao_findstr_2023.txt",
        form: ANO,
        korean: true,
        rows: 5,
        head: Head::HeadingOnly,
        skipped: &[r"PS C:\> netstat -nao | findstr 6374"],
        ..BASE
    },
    Sample {
        file: "ko_plain_names_win10.txt",
        form: PLAIN,
        korean: true,
        rows: 5,
        head: Head::Whole,
        host: Some("DESKTOP-7ET6EKR"),
        skipped: &[r"C:\Users\xerox>netstat"],
        ..BASE
    },
    Sample {
        file: "ko_-na_win7.txt",
        korean: true,
        rows: 4,
        head: Head::Whole,
        skipped: &[r"C:\Users\kodica07>netstat -na"],
        ..BASE
    },
    Sample {
        file: "ko_-an_2018.txt",
        korean: true,
        rows: 2,
        head: Head::Whole,
        skipped: &[r"C:\Users\00> netstat -an"],
        ..BASE
    },
    Sample {
        file: "ko_findstr_listening_fin-wait.txt",
        form: ANO,
        rows: 2,
        skipped: &[r"C:\Users\lbg12>netstat -ano | findstr :8080"],
        ..BASE
    },
    Sample {
        file: "win_findstr_fin-wait-2.txt",
        form: ANO,
        rows: 2,
        skipped: &[r"C:\Windows\System32>netstat -ano | findstr :9090"],
        ..BASE
    },
];

const OEM_REMARK: &str = "(file written by: netstat -nabo > informe.txt ; note the OEM code page bytes, shown here \
    as decoded from the wrong page)";
