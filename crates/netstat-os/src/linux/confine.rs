//! Gives up rights that a program needs no more once its sockets are open.
//!
//! Capabilities are those of the calling thread, and of threads that it starts later. Landlock is not used: it forbids a thread
//! to look at processes outside (`ptrace` and what of `/proc` is like it), which is how the owners of sockets are found. What it
//! would keep from being written, the system calls refuse.

use crate::contract::Confined;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;
use std::io;

/// What it takes to look at the processes of others and at what BPF tells.
const KEPT: CapabilitySet = CapabilitySet::SYS_PTRACE
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::BPF)
    .union(CapabilitySet::PERFMON);

/// System calls that the library has no names of for every machine; the numbers are those of all (Linux 6.6, 6.13).
const FCHMODAT2: libc::c_long = 452;
const SETXATTRAT: libc::c_long = 463;
const REMOVEXATTRAT: libc::c_long = 466;

/// System calls that start programs, change files or the machine, or act on other processes.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_unlinkat,
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    FCHMODAT2,
    SETXATTRAT,
    REMOVEXATTRAT,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_truncate,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_userfaultfd,
    libc::SYS_open_by_handle_at,
    libc::SYS_openat2,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setresuid,
    libc::SYS_setgroups,
    libc::SYS_capset,
    libc::SYS_io_uring_setup,
    libc::SYS_pidfd_getfd,
    libc::SYS_listen,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

/// Gives up what is not needed to look on, for good.
pub(super) fn confine() -> Confined {
    Confined {
        capabilities: give_up_capabilities().map(names),
        calls: filters().and_then(|programs| {
            programs.iter().try_for_each(|program| {
                // For all threads, without new privileges.
                seccompiler::apply_filter_all_threads(program).map_err(io::Error::other)
            })
        }),
    }
}

/// Gives up all capabilities but those that looking takes. Returns those that are left.
fn give_up_capabilities() -> io::Result<CapabilitySet> {
    let held = capabilities(None)?;
    let kept = held.permitted & KEPT;
    set_capabilities(
        None,
        CapabilitySets {
            effective: held.effective & KEPT,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        },
    )?;
    Ok(kept)
}

fn names(kept: CapabilitySet) -> Vec<String> {
    kept.iter_names().map(|(name, _)| format!("CAP_{name}")).collect()
}

fn condition(argument: u8, operator: SeccompCmpOp, value: i32) -> io::Result<SeccompCondition> {
    let value = u64::from(value.cast_unsigned());
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(io::Error::other)
}

fn rule(conditions: Vec<SeccompCondition>) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions).map_err(io::Error::other)
}

/// Returns the programs that refuse system calls.
fn filters() -> io::Result<Vec<BpfProgram>> {
    use SeccompCmpOp::{MaskedEq, Ne};
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let set = |argument, flag: i32| {
        rule(vec![condition(argument, MaskedEq(u64::from(flag.cast_unsigned())), flag)?])
    };
    let to_write = |argument| -> io::Result<Vec<SeccompRule>> {
        [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC]
            .into_iter()
            .map(|flag| set(argument, flag))
            .collect()
    };
    refused.insert(libc::SYS_openat, to_write(2)?);
    #[cfg(target_arch = "x86_64")]
    refused.insert(libc::SYS_open, to_write(1)?);
    // Threads, and no processes.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    refused.insert(libc::SYS_clone, vec![rule(vec![condition(0, MaskedEq(thread), 0)?])?]);
    // Signals to its own threads alone, by which it ends where something is wrong.
    let own = rustix::process::getpid().as_raw_nonzero().get();
    refused.insert(libc::SYS_tgkill, vec![rule(vec![condition(0, Ne, own)?])?]);
    // Questions to the kernel, and no packets to anybody.
    refused.insert(libc::SYS_socket, vec![rule(vec![condition(0, Ne, libc::AF_NETLINK)?])?]);
    let refuse = |rules, error: i32| -> io::Result<BpfProgram> {
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
        let action = SeccompAction::Errno(error.cast_unsigned());
        let filter =
            SeccompFilter::new(rules, SeccompAction::Allow, action, arch).map_err(io::Error::other)?;
        filter.try_into().map_err(io::Error::other)
    };
    Ok(vec![
        refuse(refused, libc::EPERM)?,
        // Its flags lie in memory, where they cannot be seen; who finds that it is not there takes the one above.
        refuse(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{getpid, test_kill_process};

    #[test]
    fn signals_and_new_names_are_refused() {
        let file = std::env::temp_dir().join(format!("netstat-confine-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        let path = file.clone();
        // Of one thread, which the others outlive.
        let refused = std::thread::spawn(move || {
            let before = test_kill_process(getpid()).is_ok();
            for program in filters().unwrap() {
                seccompiler::apply_filter(&program).unwrap();
            }
            let renamed = std::fs::rename(&path, path.with_extension("other"));
            (before, test_kill_process(getpid()), renamed.map_err(|error| error.kind()))
        });
        let expected = (true, Err(rustix::io::Errno::PERM), Err(io::ErrorKind::PermissionDenied));
        let refused = refused.join().unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(refused, expected);
    }
}
