//! File extensions, which tell people and systems the type of a file. Everything that judges a file by its extension
//! does it here. This file does not know which types are accepted.

use dray_api::text::shows_nothing;

/// Extensions of files that systems run, install or mount when somebody opens them, and of those that run other things: programs,
/// libraries, packages, disk images, shortcuts, and documents with macros.
const PROGRAMS: &str = " action apk app appimage application appref-ms appx appxbundle bin cab chm com command \
    cpl crx deb desktop diagcab dll dmg docm dotm drv dylib efi elf exe flatpak flatpakref gadget hta img inf ins ipa iso isp jar jnlp ko \
    library-ms lnk mdf mde mobileconfig mpkg msc msi msix msixbundle msp mst nrg ocx one onepkg osx pif pkg potm ppam ppsm \
    pptm prg pyc pyd pyo pyz qcow qcow2 rpm run scf scr search-ms settingcontent-ms shb shs sldm snap so sys theme \
    themepack toast udf udl url vb vdi vhd vhdx vmdk webloc website wim workflow xbap xlam xlsb xlsm xltm xnk xpi ";
/// Extensions of scripts that systems run. They are also honest text.
const SCRIPTS: &str = " ahk bash bat cmd csh fish js jse ksh pl ps1 ps1xml ps2 psc1 psd1 psm1 py pyw rb reg scpt sct sh tcsh vbe vbs \
    ws wsc wsf wsh zsh ";

/// The extension of a name, without the dots, blanks and invisible characters after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension(String);

impl Extension {
    /// The extension of this name. Upper and lower case count as the same.
    pub fn of(name: &str) -> Self {
        Self(visible(name).to_lowercase())
    }

    /// Whether it is this one (`.pdf`, `.tar.gz`), in lower case.
    pub fn is(&self, end: &str) -> bool {
        self.0.ends_with(end)
    }

    /// Whether systems run, install or mount a file with this extension. `true` also for scripts.
    pub fn is_program(&self) -> bool {
        self.is_in(PROGRAMS) || self.is_script()
    }

    /// Whether systems run a file with this extension as a script.
    pub fn is_script(&self) -> bool {
        self.is_in(SCRIPTS)
    }

    fn is_in(&self, list: &str) -> bool {
        let extension = self.0.rsplit_once('.').map(|(_, extension)| extension);
        extension.is_some_and(|extension| list.split_whitespace().any(|one| one == extension))
    }

    /// The MIME type of files whose names end like this, if it is known. A name that is nothing else (`.pdf`) counts too.
    pub fn mime_type(&self) -> Option<&'static str> {
        let (_, extension) = self.0.rsplit_once('.')?;
        mime_guess::from_ext(extension).first_raw()
    }
}

/// A name without the dots, blanks and invisible characters at its end. Windows removes dots and blanks there, and nobody sees
/// the rest.
pub fn visible(name: &str) -> &str {
    name.trim_end_matches(|c| c == '.' || shows_nothing(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_unseen_hides_the_end_of_a_name() {
        for unseen in
            ["", ".", " ", ". .", "\u{a0}", "\u{3000}", "\u{200b}", "\u{200f}.", "\u{ad}", "\u{fe0f} ."]
        {
            let extension = Extension::of(&format!("a.tar.PDF{unseen}"));
            assert!(extension.is(".pdf") && extension.is(".tar.pdf") && !extension.is(".tar"), "{unseen:?}");
            assert_eq!(extension.mime_type(), Some("application/pdf"), "{unseen:?}");
        }
    }

    #[test]
    fn a_name_that_is_only_an_end_has_its_type() {
        assert_eq!(Extension::of(".pdf").mime_type(), Some("application/pdf"));
        for name in ["pdf", "", "...", "a.", "a.unheard-of", "a.pdf x"] {
            assert_eq!(Extension::of(name).mime_type(), None, "{name:?}");
        }
    }

    #[test]
    fn what_systems_run_or_mount_is_known_by_the_end_of_its_name() {
        for name in ["a.exe", "a.LNK", "a.jpg.iso ", ".msi", "a.ps1", "a.sh"] {
            assert!(Extension::of(name).is_program(), "{name:?}");
        }
        for name in ["exe", "a.exe.jpg", "a.", "", "a.e xe", "a.jpg", "a.pdf", "a. "] {
            assert!(!Extension::of(name).is_program(), "{name:?}");
        }
        assert!(Extension::of("a.ps1").is_script() && !Extension::of("a.lnk").is_script());
    }
}
