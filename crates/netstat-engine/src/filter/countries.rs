//! Country codes, so that a mistyped code is an error, not a country without connections.

use crate::enrich::Country;

/// The codes of ISO 3166-1, and those that databases use beside them: AP and EU for regions, XK for Kosovo.
const CODES: &str = "\
AD AE AF AG AI AL AM AO AP AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC \
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM FO FR GA GB GD \
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI \
KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY \
MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG \
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// What users type instead of a code.
const MEANT: [(&str, &str); 12] = [
    ("uk", "GB"),
    ("usa", "US"),
    ("korea", "KR"),
    ("kor", "KR"),
    ("japan", "JP"),
    ("jpn", "JP"),
    ("china", "CN"),
    ("chn", "CN"),
    ("germany", "DE"),
    ("russia", "RU"),
    ("france", "FR"),
    ("india", "IN"),
];

/// Returns true if the country exists.
pub(super) fn is_code(country: Country) -> bool {
    codes().any(|code| code == country.code())
}

/// Returns every code.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    CODES.split(' ')
}

/// Returns the code that was probably meant.
pub(super) fn meant(text: &str) -> Option<String> {
    MEANT.iter().find(|(typed, _)| typed.eq_ignore_ascii_case(text)).map(|(_, code)| (*code).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_valid_and_sorted() {
        let codes: Vec<&str> = CODES.split(' ').collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert_eq!(codes.len(), 249 + 3);
        for code in codes {
            assert!(Country::new(code).is_some_and(is_code), "{code}");
        }
        assert!(MEANT.iter().all(|(typed, code)| Country::new(code).is_some_and(is_code)
            && !Country::new(typed).is_some_and(is_code)));
        assert!(!is_code(Country::new("UK").unwrap()));
    }
}
