//! The ports that other machines mostly should not reach, each with the reason.

use crate::check::Text;
use netstat_model::Protocol;

/// What somebody gets who reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Risk {
    /// The machine or all of its data, unless it was set up with care.
    Control,
    /// A place to try passwords and old faults.
    Attack,
}

/// A service of the list.
#[derive(Debug)]
pub(super) struct Service {
    protocol: Protocol,
    ports: &'static [u16],
    pub(super) name: Text,
    pub(super) risk: Risk,
    /// Why it should not be reached.
    pub(super) reason: &'static Text,
    /// What to do about it.
    pub(super) remedy: &'static Text,
}

/// The service of a port.
pub(super) fn service(protocol: Protocol, port: u16) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.protocol == protocol && service.ports.contains(&port))
}

/// A port that the settings name.
pub(super) static NAMED: Service = Service {
    protocol: Protocol::Tcp,
    ports: &[],
    name: Text::fixed("a port that the settings name", "설정에 적은 포트"),
    risk: Risk::Attack,
    reason: &LISTED,
    remedy: &BIND,
};

static SERVICES: [Service; 41] = [
    Service {
        protocol: Protocol::Tcp,
        ports: &[20, 21],
        name: Text::fixed("FTP", "FTP"),
        risk: Risk::Attack,
        reason: &CLEAR,
        remedy: &SSH_INSTEAD,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[23],
        name: Text::fixed("Telnet", "텔넷"),
        risk: Risk::Attack,
        reason: &CLEAR,
        remedy: &SSH_INSTEAD,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[69],
        name: Text::fixed("TFTP", "TFTP"),
        risk: Risk::Attack,
        reason: &NO_PASSWORD_FILES,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[79],
        name: Text::fixed("finger", "finger"),
        risk: Risk::Attack,
        reason: &TELLS,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[111],
        name: Text::fixed("the RPC port mapper", "RPC 포트 매퍼"),
        risk: Risk::Attack,
        reason: &TELLS,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[111],
        name: Text::fixed("the RPC port mapper", "RPC 포트 매퍼"),
        risk: Risk::Attack,
        reason: &AMPLIFIES,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[135],
        name: Text::fixed("the Windows RPC endpoint mapper", "Windows RPC 엔드포인트 매퍼"),
        risk: Risk::Attack,
        reason: &WINDOWS,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[137, 138],
        name: Text::fixed("NetBIOS", "NetBIOS"),
        risk: Risk::Attack,
        reason: &WINDOWS,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[139],
        name: Text::fixed("NetBIOS", "NetBIOS"),
        risk: Risk::Attack,
        reason: &WINDOWS,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[161],
        name: Text::fixed("SNMP", "SNMP"),
        risk: Risk::Attack,
        reason: &SNMP,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[389],
        name: Text::fixed("LDAP", "LDAP"),
        risk: Risk::Attack,
        reason: &CLEAR,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[389],
        name: Text::fixed("LDAP", "LDAP"),
        risk: Risk::Attack,
        reason: &AMPLIFIES,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[445],
        name: Text::fixed("shares of files (SMB)", "파일 공유(SMB)"),
        risk: Risk::Attack,
        reason: &WINDOWS,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[512, 513, 514],
        name: Text::fixed("the r-services (rexec, rlogin, rsh)", "r 서비스(rexec, rlogin, rsh)"),
        risk: Risk::Control,
        reason: &TRUSTS,
        remedy: &SSH_INSTEAD,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[873],
        name: Text::fixed("rsync", "rsync"),
        risk: Risk::Attack,
        reason: &NO_PASSWORD_FILES,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[1433],
        name: Text::fixed("Microsoft SQL Server", "Microsoft SQL Server"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[1434],
        name: Text::fixed("the SQL Server browser", "SQL Server 브라우저"),
        risk: Risk::Attack,
        reason: &AMPLIFIES,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[1521],
        name: Text::fixed("Oracle Database", "Oracle Database"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[1900],
        name: Text::fixed("SSDP", "SSDP"),
        risk: Risk::Attack,
        reason: &AMPLIFIES,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[2049],
        name: Text::fixed("NFS", "NFS"),
        risk: Risk::Attack,
        reason: &NFS,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[2181],
        name: Text::fixed("ZooKeeper", "ZooKeeper"),
        risk: Risk::Attack,
        reason: &CLUSTER,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[2375],
        name: Text::fixed("the Docker API without TLS", "TLS 없는 Docker API"),
        risk: Risk::Control,
        reason: &DOCKER,
        remedy: &DOCKER_BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[2379, 2380],
        name: Text::fixed("etcd", "etcd"),
        risk: Risk::Control,
        reason: &ETCD,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[3306],
        name: Text::fixed("MySQL or MariaDB", "MySQL 또는 MariaDB"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[3389],
        name: Text::fixed("Remote Desktop", "원격 데스크톱"),
        risk: Risk::Attack,
        reason: &DESKTOP,
        remedy: &VPN,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[5432],
        name: Text::fixed("PostgreSQL", "PostgreSQL"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[5601],
        name: Text::fixed("Kibana", "Kibana"),
        risk: Risk::Attack,
        reason: &ELASTIC,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[5900, 5901],
        name: Text::fixed("VNC", "VNC"),
        risk: Risk::Attack,
        reason: &DESKTOP,
        remedy: &VPN,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[5984],
        name: Text::fixed("CouchDB", "CouchDB"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[5985],
        name: Text::fixed("Windows Remote Management without TLS", "TLS 없는 Windows 원격 관리"),
        risk: Risk::Attack,
        reason: &DESKTOP,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[6000],
        name: Text::fixed("the X11 display", "X11 디스플레이"),
        risk: Risk::Control,
        reason: &X11,
        remedy: &STOP,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[6379],
        name: Text::fixed("Redis", "Redis"),
        risk: Risk::Control,
        reason: &REDIS,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[7001],
        name: Text::fixed("Oracle WebLogic", "Oracle WebLogic"),
        risk: Risk::Attack,
        reason: &CONSOLE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[8086],
        name: Text::fixed("InfluxDB", "InfluxDB"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[9042],
        name: Text::fixed("Cassandra", "Cassandra"),
        risk: Risk::Attack,
        reason: &DATABASE,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[9200, 9300],
        name: Text::fixed("Elasticsearch or OpenSearch", "Elasticsearch 또는 OpenSearch"),
        risk: Risk::Control,
        reason: &ELASTIC,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[10250],
        name: Text::fixed("the kubelet API", "kubelet API"),
        risk: Risk::Attack,
        reason: &CLUSTER,
        remedy: &FIREWALL,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[11211],
        name: Text::fixed("memcached", "memcached"),
        risk: Risk::Control,
        reason: &MEMCACHED,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Udp,
        ports: &[11211],
        name: Text::fixed("memcached", "memcached"),
        risk: Risk::Control,
        reason: &AMPLIFIES,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[27017, 27018, 27019],
        name: Text::fixed("MongoDB", "MongoDB"),
        risk: Risk::Control,
        reason: &MONGODB,
        remedy: &BIND,
    },
    Service {
        protocol: Protocol::Tcp,
        ports: &[50070, 9870],
        name: Text::fixed("the Hadoop NameNode", "Hadoop NameNode"),
        risk: Risk::Attack,
        reason: &CLUSTER,
        remedy: &BIND,
    },
];

static LISTED: Text = Text::fixed(
    "The settings say that this port should not be reached.",
    "설정에서 닿지 않아야 한다고 적은 포트입니다.",
);

static CLEAR: Text = Text::fixed(
    "It sends passwords and data in the clear, for everybody on the way to read.",
    "비밀번호와 데이터를 암호화하지 않고 보내므로 중간의 누구나 읽을 수 있습니다.",
);

static TRUSTS: Text = Text::fixed(
    "It lets in whoever claims to come from a trusted machine, and sends everything in the clear.",
    "믿는 컴퓨터에서 왔다고 주장하기만 하면 들여보내고, 모두 암호화 없이 보냅니다.",
);

static NO_PASSWORD_FILES: Text = Text::fixed(
    "It hands out files, and mostly takes them, without asking for a password.",
    "비밀번호를 묻지 않고 파일을 내주고, 대개 받기도 합니다.",
);

static TELLS: Text = Text::fixed(
    "It tells strangers which users or services are here, which is where an attack begins.",
    "어떤 사용자나 서비스가 있는지 모르는 사람에게 알려 줍니다. 공격은 여기서 시작됩니다.",
);

static AMPLIFIES: Text = Text::fixed(
    "It answers small packets with large ones, so others use it to flood somebody with forged addresses.",
    "작은 패킷에 큰 응답을 보내므로, 주소를 속여 다른 곳을 공격하는 데 쓰입니다.",
);

static WINDOWS: Text = Text::fixed(
    "It is made for a network of trusted machines; worms have come this way again and again.",
    "믿는 컴퓨터끼리의 네트워크를 위한 것입니다. 웜이 거듭 이 길로 들어왔습니다.",
);

static SNMP: Text = Text::fixed(
    "Versions 1 and 2c have no password worth the name, and tell or change the settings of the machine.",
    "버전 1과 2c에는 비밀번호다운 것이 없고, 시스템의 설정을 알려 주거나 바꿉니다.",
);

static DATABASE: Text = Text::fixed(
    "A database holds what is worth stealing. Whoever reaches the port may try passwords and known faults.",
    "데이터베이스에는 훔칠 만한 것이 있습니다. 닿을 수 있으면 비밀번호와 알려진 결함을 시험할 수 있습니다.",
);

static NFS: Text = Text::fixed(
    "It believes the user number that a client claims, unless Kerberos is used.",
    "Kerberos를 쓰지 않으면 클라이언트가 주장하는 사용자 번호를 그대로 믿습니다.",
);

static CLUSTER: Text = Text::fixed(
    "Members of a cluster talk to one another here and trust who they hear.",
    "클러스터의 구성원끼리 이야기하는 곳이고, 들리는 대로 믿습니다.",
);

static DOCKER: Text = if cfg!(windows) {
    Text::fixed(
        "Whoever reaches it is administrator of this machine: it starts any container, with any directory of the host in it.",
        "닿을 수 있으면 이 컴퓨터의 관리자입니다. 호스트의 어떤 디렉터리든 넣은 컨테이너를 시작할 수 있습니다.",
    )
} else {
    Text::fixed(
        "Whoever reaches it is root on this machine: it starts any container, with any directory of the host in it.",
        "닿을 수 있으면 이 컴퓨터의 root입니다. 호스트의 어떤 디렉터리든 넣은 컨테이너를 시작할 수 있습니다.",
    )
};

static ETCD: Text = Text::fixed(
    "It holds the whole state of a cluster, its secrets included; without client certificates everybody may read and write it.",
    "비밀까지 포함한 클러스터의 모든 상태가 있고, 클라이언트 인증서가 없으면 누구나 읽고 씁니다.",
);

static DESKTOP: Text = Text::fixed(
    "It hands out the screen, or a shell, to whoever guesses a password; it is tried around the clock.",
    "비밀번호를 맞히면 화면이나 셸을 내줍니다. 쉬지 않고 시도당하는 포트입니다.",
);

static X11: Text = Text::fixed(
    "Whoever reaches it sees the screen and every key that is typed, unless access is controlled.",
    "접근을 제한하지 않으면 화면과 입력하는 모든 키를 볼 수 있습니다.",
);

static REDIS: Text = Text::fixed(
    "Without a password, and there is none unless one was set, a client can write files and so run programs here.",
    "비밀번호를 정하지 않았으면 없고, 그러면 클라이언트가 파일을 써서 프로그램을 실행할 수 있습니다.",
);

static CONSOLE: Text = Text::fixed(
    "Its console has been broken into often, without a password.",
    "콘솔이 비밀번호 없이 여러 번 뚫렸습니다.",
);

static ELASTIC: Text = Text::fixed(
    "Without security turned on everybody reads, changes and deletes what is in it.",
    "보안을 켜지 않으면 누구나 내용을 읽고, 바꾸고, 지웁니다.",
);

static MEMCACHED: Text = Text::fixed(
    "It has no password: everybody reads and changes what is in it.",
    "비밀번호가 없습니다. 누구나 내용을 읽고 바꿉니다.",
);

static MONGODB: Text = Text::fixed(
    "Without access control, which has to be turned on, everybody reads and deletes what is in it.",
    "접근 제어는 켜야 하고, 켜지 않으면 누구나 내용을 읽고 지웁니다.",
);

static BIND: Text = Text::fixed(
    "bind it to 127.0.0.1 or to the one address that its clients use, and ask for a password and TLS",
    "127.0.0.1이나 클라이언트가 쓰는 주소 하나에만 바인드하고, 비밀번호와 TLS를 씁니다",
);

static DOCKER_BIND: Text = if cfg!(windows) {
    Text::fixed(
        "use the named pipe or ssh (docker context create --docker host=ssh://...), or TLS with client certificates",
        "명명된 파이프나 ssh(docker context create --docker host=ssh://...), 또는 클라이언트 인증서와 TLS를 씁니다",
    )
} else {
    Text::fixed(
        "use the socket in the file system or ssh (docker context create --docker host=ssh://...), or TLS with client certificates",
        "파일 시스템의 소켓이나 ssh(docker context create --docker host=ssh://...), 또는 클라이언트 인증서와 TLS를 씁니다",
    )
};

static SSH_INSTEAD: Text =
    Text::fixed("use ssh and sftp instead, and stop the service", "ssh와 sftp를 쓰고 이 서비스는 멈춥니다");

static STOP: Text = Text::fixed(
    "stop the service if nobody here needs it, else let only the machines in that do",
    "필요한 사람이 없으면 서비스를 멈추고, 있으면 필요한 컴퓨터만 들여보냅니다",
);

static FIREWALL: Text = if cfg!(windows) {
    Text::fixed(
        "let only the machines in that need it: Set-NetFirewallRule -RemoteAddress on the rule that lets it in",
        "필요한 컴퓨터만 들여보냅니다: 들여보내는 규칙에 Set-NetFirewallRule -RemoteAddress",
    )
} else {
    Text::fixed(
        "let only the machines in that need it, by a firewall",
        "필요한 컴퓨터만 방화벽으로 들여보냅니다",
    )
};

static VPN: Text = Text::fixed("put it behind a VPN or an ssh tunnel", "VPN이나 ssh 터널 뒤에 둡니다");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::text::{EN, KO};
    use std::collections::BTreeSet;

    #[test]
    fn no_port_is_there_twice_and_each_has_its_reason() {
        let mut seen = BTreeSet::new();
        for service in &SERVICES {
            for port in service.ports {
                assert!(seen.insert((service.protocol, *port)), "{port} twice");
            }
            for text in [&service.name, service.reason, service.remedy] {
                assert!(!text.of(EN).is_empty() && !text.of(KO).is_empty());
            }
            assert!(service.reason.of(EN).ends_with('.') && service.reason.of(KO).ends_with('.'));
            assert!(!service.remedy.of(EN).ends_with('.') && !service.remedy.of(KO).ends_with('.'));
        }
        for port in
            [21, 23, 111, 135, 139, 445, 1433, 1521, 2375, 3306, 3389, 5432, 5900, 6379, 9200, 11211, 27017]
        {
            assert!(seen.contains(&(Protocol::Tcp, port)), "{port}");
        }
        assert!(seen.contains(&(Protocol::Udp, 69)));
        assert!(service(Protocol::Tcp, 22).is_none() && service(Protocol::Udp, 3306).is_none());
    }
}
