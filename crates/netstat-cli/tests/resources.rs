//! The resources of the program for Windows, read back as Windows reads them.

#[path = "../resources.rs"]
mod resources;

/// The head of the file and of its section.
const HEADS: usize = 20 + 40;

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> usize {
    usize::from(short(bytes, at)) | usize::from(short(bytes, at + 2)) << 16
}

/// Follows a type through its name and its language to the bytes.
fn resource(section: &[u8], kind: usize) -> Option<&[u8]> {
    let entry = |folder: usize, wanted: Option<usize>| {
        let count = usize::from(short(section, folder + 14));
        (0..count)
            .map(|index| folder + 16 + 8 * index)
            .find(|&at| wanted.is_none_or(|wanted| long(section, at) == wanted))
            .map(|at| long(section, at + 4))
    };
    let folder = |found: usize| found.checked_sub(1 << 31);
    let names = folder(entry(0, Some(kind))?)?;
    let languages = folder(entry(names, Some(1))?)?;
    let data = entry(languages, Some(0x409))?;
    Some(&section[long(section, data)..][..long(section, data + 4)])
}

#[test]
fn version_and_manifest_are_found_by_their_types() {
    let manifest = b"<assembly>odd length</assembly>";
    let strings = [("ProductName", "netstat"), ("ProductVersion", "1.22.333")];
    for (architecture, machine, relocation) in
        [("x86_64", 0x8664, 3), ("aarch64", 0xaa64, 2), ("x86", 0x14c, 7)]
    {
        let object = resources::object(architecture, [1, 22, 333], &strings, manifest).unwrap();
        assert_eq!(short(&object, 0), machine);
        // No time of the build.
        assert_eq!(long(&object, 4), 0);
        let section = &object[HEADS..][..long(&object, 20 + 16)];
        assert_eq!(resource(section, 24).unwrap(), manifest);
        assert_eq!(resource(section, 10), None);
        let version = resource(section, 16).unwrap();
        assert_eq!(usize::from(short(version, 0)), version.len());
        let fixed = version.windows(4).position(|found| found == 0xfeef_04bdu32.to_le_bytes()).unwrap();
        assert_eq!(fixed % 4, 0);
        assert_eq!((long(version, fixed + 8), long(version, fixed + 12)), (1 << 16 | 22, 333 << 16));
        let wide: Vec<u8> = "ProductVersion\0"
            .encode_utf16()
            .chain("1.22.333\0".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(version.windows(wide.len()).any(|found| found == wide), "the text is not behind its key");

        // Each place that is relocated is the offset of the bytes of a resource.
        let relocations = long(&object, 20 + 24);
        assert_eq!(usize::from(short(&object, 20 + 32)), 2);
        for index in 0..2 {
            let at = relocations + 10 * index;
            assert_eq!((long(&object, at + 4), short(&object, at + 8)), (0, relocation));
            let offset = long(section, long(&object, at));
            assert!(offset < section.len() && offset.is_multiple_of(8));
        }
        let symbols = long(&object, 8);
        assert_eq!(symbols, relocations + 20);
        assert_eq!(&object[symbols..symbols + 8], b".rsrc\0\0\0");
        assert_eq!(object.len(), symbols + 18 + 4);
    }
    assert_eq!(resources::object("riscv64", [1, 0, 0], &strings, manifest), None);
}
