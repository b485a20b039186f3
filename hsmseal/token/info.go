package token

import (
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/palisade-vault/palisade/hsmseal/cryptoki"
)

// Info is what a token says of itself.
type Info struct {
	// Label, Manufacturer, Model and Serial are without padding.
	Label, Manufacturer, Model, Serial string
	// Hardware and Firmware are versions as "major.minor".
	Hardware, Firmware string
	// Library is the library's description and version.
	Library string
	// Flags are the set flags by name.
	Flags []string
	// PINCountLow, PINFinalTry and PINLocked are the user PIN's counter flags.
	PINCountLow, PINFinalTry, PINLocked bool
	// Mechanisms are the codes the token lists.
	Mechanisms []cryptoki.MechanismType
}

// Identity tells the token from every other: serial numbers alone do not, since
// some tokens have all zeros.
func (i Info) Identity() string {
	return fmt.Sprintf("%q %q %q", i.Manufacturer, i.Model, i.Serial)
}

// Supports tells whether the token lists every code.
func (i Info) Supports(codes []cryptoki.MechanismType) bool {
	return !slices.ContainsFunc(codes, func(code cryptoki.MechanismType) bool {
		return !slices.Contains(i.Mechanisms, code)
	})
}

var flagNames = []struct {
	bit  uint
	name string
}{
	{pkcs11.CKF_RNG, "CKF_RNG"},
	{pkcs11.CKF_WRITE_PROTECTED, "CKF_WRITE_PROTECTED"},
	{pkcs11.CKF_LOGIN_REQUIRED, "CKF_LOGIN_REQUIRED"},
	{pkcs11.CKF_USER_PIN_INITIALIZED, "CKF_USER_PIN_INITIALIZED"},
	{pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH, "CKF_PROTECTED_AUTHENTICATION_PATH"},
	{pkcs11.CKF_TOKEN_INITIALIZED, "CKF_TOKEN_INITIALIZED"},
	{pkcs11.CKF_USER_PIN_COUNT_LOW, "CKF_USER_PIN_COUNT_LOW"},
	{pkcs11.CKF_USER_PIN_FINAL_TRY, "CKF_USER_PIN_FINAL_TRY"},
	{pkcs11.CKF_USER_PIN_LOCKED, "CKF_USER_PIN_LOCKED"},
	{pkcs11.CKF_USER_PIN_TO_BE_CHANGED, "CKF_USER_PIN_TO_BE_CHANGED"},
	{pkcs11.CKF_SO_PIN_COUNT_LOW, "CKF_SO_PIN_COUNT_LOW"},
	{pkcs11.CKF_SO_PIN_FINAL_TRY, "CKF_SO_PIN_FINAL_TRY"},
	{pkcs11.CKF_SO_PIN_LOCKED, "CKF_SO_PIN_LOCKED"},
	{pkcs11.CKF_ERROR_STATE, "CKF_ERROR_STATE"},
}

// describe gathers the Info of a slot's token.
func describe(library *pkcs11.Ctx, slot uint, raw pkcs11.TokenInfo) (Info, error) {
	about, err := library.GetInfo()
	if err != nil {
		return Info{}, classify("C_GetInfo", err)
	}
	list, err := library.GetMechanismList(slot)
	if err != nil {
		return Info{}, classify("C_GetMechanismList", err)
	}
	info := Info{
		Label: trim(raw.Label), Manufacturer: trim(raw.ManufacturerID),
		Model: trim(raw.Model), Serial: trim(raw.SerialNumber),
		Hardware:    version(raw.HardwareVersion),
		Firmware:    version(raw.FirmwareVersion),
		Library:     trim(about.LibraryDescription) + " " + version(about.LibraryVersion),
		PINCountLow: raw.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0,
		PINFinalTry: raw.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0,
		PINLocked:   raw.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0,
	}
	for _, flag := range flagNames {
		if raw.Flags&flag.bit != 0 {
			info.Flags = append(info.Flags, flag.name)
		}
	}
	for _, mechanism := range list {
		info.Mechanisms = append(info.Mechanisms, cryptoki.MechanismType(mechanism.Mechanism))
	}
	slices.Sort(info.Mechanisms)
	return info, nil
}

func version(v pkcs11.Version) string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }
