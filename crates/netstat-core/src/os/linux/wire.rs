//! The messages of netlink, cut out of bytes.
