//! Writes the resources of a program for Windows, its version and its manifest, as an object that every linker takes: that
//! of Microsoft, of LLVM and of GNU.
//!
//! A compiler of resources would do the same, but each toolchain has another one, and some have none.

/// The numbers of resource types.
const VERSION: u32 = 16;
const MANIFEST: u32 = 24;

/// American English, and the code page of UTF-16.
const LANGUAGE: u16 = 0x409;
const UTF_16: u16 = 1200;

/// Returns the object for a processor as Rust calls it; `None` for one that Windows does not run on.
pub(crate) fn object(
    architecture: &str,
    version: [u16; 3],
    strings: &[(&str, &str)],
    manifest: &[u8],
) -> Option<Vec<u8>> {
    // The machine, and its relocation that gives the distance of a symbol from the start of the image.
    let (machine, relative): (u16, u16) = match architecture {
        "x86_64" => (0x8664, 3),
        "aarch64" => (0xaa64, 2),
        "x86" => (0x014c, 7),
        _ => return None,
    };
    let version = version_information(version, strings);
    let (section, places) = section(&[(VERSION, &version), (MANIFEST, manifest)]);
    let header = 20 + 40;
    let relocations = header + section.len();
    let symbols = relocations + 10 * places.len();
    let mut object = Vec::new();
    // The file: one section, one symbol; no time.
    object.extend(machine.to_le_bytes());
    object.extend(1u16.to_le_bytes());
    object.extend(0u32.to_le_bytes());
    object.extend(number(symbols).to_le_bytes());
    object.extend(1u32.to_le_bytes());
    object.extend(0u32.to_le_bytes());
    // The section: initialized data that is read and, as compilers of resources have it, written.
    object.extend(*b".rsrc\0\0\0");
    for value in [0, 0, section.len(), header, relocations, 0] {
        object.extend(number(value).to_le_bytes());
    }
    object.extend(number(places.len()).to_le_bytes());
    object.extend(0xc030_0040u32.to_le_bytes());
    object.extend(section);
    for place in places {
        object.extend(number(place).to_le_bytes());
        object.extend(0u32.to_le_bytes());
        object.extend(relative.to_le_bytes());
    }
    // The symbol is the start of the section, and static. No table of long names follows.
    object.extend(*b".rsrc\0\0\0");
    object.extend(0u32.to_le_bytes());
    object.extend(1u16.to_le_bytes());
    object.extend(0u16.to_le_bytes());
    object.extend([3, 0]);
    object.extend(4u32.to_le_bytes());
    Some(object)
}

/// Returns the section, resources in the order of their types, each with the name 1; and the places in it that have to
/// become relative to the image.
fn section(resources: &[(u32, &[u8])]) -> (Vec<u8>, Vec<usize>) {
    let count = resources.len();
    // A folder with one entry takes 24 bytes. Types come first, then a folder of names and one of languages for each,
    // then what tells where the bytes are.
    let names = 16 + 8 * count;
    let languages = names + 24 * count;
    let entries = languages + 24 * count;
    let mut at = entries + 16 * count;
    const IS_FOLDER: u32 = 1 << 31;
    let mut section = folder(count);
    for (index, (kind, _)) in resources.iter().enumerate() {
        section.extend(kind.to_le_bytes());
        section.extend((number(names + 24 * index) | IS_FOLDER).to_le_bytes());
    }
    for index in 0..count {
        section.extend(folder(1));
        section.extend(1u32.to_le_bytes());
        section.extend((number(languages + 24 * index) | IS_FOLDER).to_le_bytes());
    }
    for index in 0..count {
        section.extend(folder(1));
        section.extend(u32::from(LANGUAGE).to_le_bytes());
        section.extend(number(entries + 16 * index).to_le_bytes());
    }
    let mut places = Vec::new();
    for (_, bytes) in resources {
        places.push(section.len());
        for value in [at, bytes.len(), 0, 0] {
            section.extend(number(value).to_le_bytes());
        }
        at = (at + bytes.len()).next_multiple_of(8);
    }
    for (_, bytes) in resources {
        section.extend(*bytes);
        section.resize(section.len().next_multiple_of(8), 0);
    }
    (section, places)
}

/// Returns the head of a folder with this many entries, all of them with numbers for names.
fn folder(entries: usize) -> Vec<u8> {
    let mut head = vec![0; 14];
    head.extend(u16::try_from(entries).unwrap_or(u16::MAX).to_le_bytes());
    head
}

/// Returns `VS_VERSIONINFO`.
fn version_information([major, minor, patch]: [u16; 3], strings: &[(&str, &str)]) -> Vec<u8> {
    let numbers = [u32::from(major) << 16 | u32::from(minor), u32::from(patch) << 16];
    // Signature, version of the structure, twice the version, mask, flags, Windows, a program, no subtype, no time.
    let fixed = [
        0xfeef_04bd,
        0x0001_0000,
        numbers[0],
        numbers[1],
        numbers[0],
        numbers[1],
        0x3f,
        0,
        0x4_0004,
        1,
        0,
        0,
        0,
    ];
    let fixed: Vec<u8> = fixed.iter().flat_map(|value: &u32| value.to_le_bytes()).collect();
    let texts = strings.iter().map(|(key, text)| {
        let wide = wide(text);
        block(key, u16::try_from(wide.len() / 2).unwrap_or(u16::MAX), true, &wide, &[])
    });
    let table = block(&format!("{LANGUAGE:04x}{UTF_16:04x}"), 0, true, &[], &texts.collect::<Vec<_>>());
    let translation: Vec<u8> = [LANGUAGE, UTF_16].iter().flat_map(|value| value.to_le_bytes()).collect();
    let translation = block("Translation", 4, false, &translation, &[]);
    let children =
        [block("StringFileInfo", 0, true, &[], &[table]), block("VarFileInfo", 0, true, &[], &[translation])];
    block("VS_VERSION_INFO", u16::try_from(fixed.len()).unwrap_or(u16::MAX), false, &fixed, &children)
}

/// Returns a block of version information: its key, its value and the blocks in it, each at a multiple of four bytes.
fn block(key: &str, value_length: u16, is_text: bool, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let mut block = vec![0; 2];
    block.extend(value_length.to_le_bytes());
    block.extend(u16::from(is_text).to_le_bytes());
    block.extend(wide(key));
    for part in std::iter::once(value).chain(children.iter().map(Vec::as_slice)) {
        block.resize(block.len().next_multiple_of(4), 0);
        block.extend(part);
    }
    let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
    block[..2].copy_from_slice(&length.to_le_bytes());
    block
}

/// Returns a text in UTF-16 with its zero.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// The sizes here are far below the limits of the format.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
