//! `netstat live`: connections as they come and go.

mod packets;

use super::{Session, files, past};
use crate::output::{self, Reader, Trouble};
use crate::render::live as lines;
use crate::settings::{Live, LiveForm, Settings};
use netstat_engine::act::Circumstances;
use netstat_engine::both;
use netstat_engine::enrich::{ServiceNames, StandIns, UserNames};
use netstat_engine::filter::Lookups;
use netstat_engine::look::WalkWishes;
use netstat_engine::text::quote::for_shell;
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Text, When, Zone};
use netstat_live::{Beginning, Environment, Manner, Recall};
use netstat_model::Transport;
use netstat_model::query::Scope;
use netstat_os::{Machine, NameDatabases, Origin, Routes};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, stdin};
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

/// Shows the view until somebody ends it.
pub(super) fn run(session: &Session<'_>, live: &Live) -> Result<ExitCode, Trouble> {
    let is_drawn = live.form == LiveForm::Screen;
    if is_drawn && (!output::is_screen() || !stdin().is_terminal()) {
        output::complain(&both!(
            "netstat live needs a terminal; without one type netstat live --plain, or netstat live --jsonl",
            "netstat live에는 터미널이 필요합니다. 터미널이 없으면 이렇게 입력하세요: netstat live --plain, 또는 netstat live --jsonl"
        ));
        return Ok(ExitCode::from(2));
    }
    let system = &session.backend;
    let settings = session.settings;
    let words: Vec<_> = settings.filter.iter().map(|word| word.to_string_lossy()).collect();
    let beginning = Beginning {
        filter: words.join(" "),
        tab: live.tab,
        sort: live.sort.map(|(column, descending)| (column.name.to_owned(), descending)),
        interval: live.interval,
        at: live.at.as_ref().map(|at| past::moment(session, "--at", at)).transpose()?,
        read_only: live.read_only,
        group_by: live.group_by,
        columns: live.columns.clone(),
    };
    let users = UserNames::parse(&system.users().data);
    let interfaces: HashMap<u32, OsString> = system
        .interfaces()
        .map(|answer| answer.data.into_iter().map(|interface| (interface.index, interface.name)).collect())
        .unwrap_or_default();
    let lookups = Known {
        services: ServiceNames::parse(&system.services().data),
        users: UserNames::parse(&system.users().data),
        interfaces: interfaces.clone(),
        has_accounts: system.has_accounts(),
        zone: session.zone.clone(),
    };
    let environment = Environment {
        language: settings.language,
        host: system.host_name().unwrap_or_default(),
        users: Arc::new(users),
        interfaces,
        own: system.namespace(),
        names_zones: !system.has_accounts(),
        namespaces: HashMap::new(),
        stand_ins: StandIns::default(),
        circumstances: Circumstances::of(&**system, std::env::var("SSH_CONNECTION").ok().as_deref()),
        geo: Arc::clone(&session.geo),
        options: options(session.settings, live),
        has_history: past::open(&live.store).is_ok(),
        zone: session.zone.clone(),
        lookups: Box::new(lookups),
        resolver: system.name_lookup(),
        colour: output::shows_colour(live.colour),
        ascii: live.ascii,
    };
    let open = Arc::new(|| netstat_os::open(Origin::Live));
    let walk = WalkWishes {
        scope: settings.scope,
        owners: settings.owners,
        budget: live.budget.unwrap_or(WalkWishes::default().budget),
    };
    let (language, zone) = (settings.language, session.zone.clone());
    let (store, of_history) = (live.store.clone(), zone.clone());
    let recall: Recall = Arc::new(move |time, needs| past::look(&store, time, (walk, needs), &of_history));
    let manner = Manner {
        walk,
        mouse: live.mouse,
        lasts: live.lasts,
        recall,
        write: Arc::new(files::create),
        write_packets: Arc::new(move |file, filter, stopped| packets::write(file, filter, stopped, language)),
    };
    let shown = match live.form {
        LiveForm::Screen => netstat_live::run(open, environment, &beginning, manner),
        form => netstat_live::follow(open, environment, &beginning, manner, |told| {
            let line = match form {
                LiveForm::Jsonl => lines::jsonl(&told, &zone)?,
                _ => lines::plain(&told, &zone).of(language).to_owned(),
            };
            Ok(output::people(&format!("{line}\n"))? == Reader::Listening)
        }),
    };
    match shown {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(netstat_live::Trouble::Filter(error)) => Err(Trouble {
            line: both!(
                "the filter cannot be used (netstat --help filter explains filters)",
                "필터를 쓸 수 없습니다(필터 문법: netstat --help filter)"
            ),
            filter: Some(Box::new(error)),
            meaning: None,
        }),
        Err(netstat_live::Trouble::Terminal(error)) => Err(both!(
            "the terminal cannot be used: {why}",
            "터미널을 쓸 수 없습니다: {why}",
            why = io_error(&error)
        )
        .into()),
        Err(netstat_live::Trouble::Other(why)) => Err(why.into()),
    }
}

/// Returns the options that the view cannot change, each with a space before it.
fn options(settings: &Settings, live: &Live) -> String {
    let mut typed = String::new();
    let mut push = |name: &str, value: Option<&OsStr>| {
        typed.push_str(&format!(" --{name}"));
        if let Some(value) = value {
            typed.push_str(&format!(" {}", for_shell(value)));
        }
    };
    if live.is_store_named {
        push("store", Some(live.store.as_os_str()));
    }
    match (settings.scope, &settings.namespace) {
        (_, Some(of)) => push("netns", Some(of)),
        (Scope::All, None) => push("netns", Some(OsStr::new("all"))),
        (Scope::Own, None) => {}
    }
    if live.ascii {
        push("ascii", None);
    }
    if !live.mouse {
        push("no-mouse", None);
    }
    if let Some(budget) = live.budget {
        push("budget", Some(OsStr::new(&format!("{budget}%"))));
    }
    typed
}

/// What names in a filter stand for, known from the start: a view waits for nobody. Hosts are not looked up.
struct Known {
    services: ServiceNames,
    users: UserNames,
    interfaces: HashMap<u32, OsString>,
    has_accounts: bool,
    zone: Zone,
}

impl Lookups for Known {
    fn ports(&self, service: &str) -> Vec<u16> {
        [Transport::Tcp, Transport::Udp]
            .into_iter()
            .flat_map(|protocol| self.services.ports(protocol, service))
            .collect()
    }

    fn addresses(&self, _host: &str) -> Result<Vec<IpAddr>, Text> {
        Err(both!(
            "host names are not looked up in netstat live; type the address",
            "netstat live에서는 호스트 이름을 조회하지 않습니다. 주소를 입력하세요"
        ))
    }

    fn moment(&self, words: &str) -> Result<SystemTime, Text> {
        When::parse(words)?.moment(SystemTime::now(), &self.zone)
    }

    fn interface(&self, name: &str) -> Option<u32> {
        self.interfaces.iter().find(|(_, known)| *known == name).map(|(index, _)| *index)
    }

    fn has_accounts(&self) -> bool {
        self.has_accounts
    }

    fn user(&self, name: &str) -> Result<Option<u32>, Text> {
        Ok(self.users.uid(name))
    }
}
