//! Options of `netstat ship`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat ship` takes as well.
pub(in super::super) const SHARED: [&str; 8] =
    ["credentials", "generate", "help", "lang", "once", "status", "store", "utf8"];

pub(super) const OPTIONS: &[Entry] = entries! { Ship;
    [] "create", switch(ship.create);
        "Make the tables",
        "Makes the tables of --to that are not there, and adds the columns that they lack.",
        "--to에 없는 테이블을 만들고, 빠진 열을 추가합니다.";
    [] "every", value(ship.every, "SECONDS", "10", ValueKind::Free, values::parse_every);
        "Pause this many seconds between two inserts",
        "Pauses this many seconds between two inserts, 10 if it is not given: for many hosts more.",
        "두 번의 전송 사이에 이 초만큼 쉽니다. 지정하지 않으면 10초입니다. 호스트가 많으면 늘리세요.";
    [] "schema", switch(ship.schema);
        "Print the statements that make the tables",
        "Prints the statements that make the tables, those for the server of --to, or for a new one. With ?cluster=NAME in \
         the URL, those for a cluster.",
        "테이블을 만드는 SQL 문을 출력합니다. --to의 서버에 맞추고, 없으면 최신 서버에 맞춥니다. URL에 ?cluster=이름이 \
         있으면 클러스터용입니다.";
    [] "to", value(ship.to, "URL", "clickhouse://ch.example.com/netstat", ValueKind::Free, |text| values::parse_target("--to", text));
        "Name the database to send to",
        "Names the database to send to: clickhouse://[USER@]HOST[:PORT]/DATABASE, with ?secure=1 for TLS.",
        "보낼 데이터베이스를 지정합니다: clickhouse://[사용자@]호스트[:포트]/데이터베이스. TLS는 ?secure=1."
        details "The port is that of HTTP: 8123, or 8443 with TLS. Other names behind the ? are settings of the server, such as \
                 async_insert=1."
                "포트는 HTTP 포트로, 지정하지 않으면 8123, TLS이면 8443입니다. ? 뒤의 다른 이름은 async_insert=1 같은 \
                 서버 설정입니다.";
};
