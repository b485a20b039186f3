package cryptoki

// Return codes (PKCS #11 2.40, section 5.1; numbers from pkcs11t.h).
const (
	CodeCancel                  Code = 0x001
	CodeHostMemory              Code = 0x002
	CodeSlotIDInvalid           Code = 0x003
	CodeGeneralError            Code = 0x005
	CodeFunctionFailed          Code = 0x006
	CodeArgumentsBad            Code = 0x007
	CodeCantLock                Code = 0x00A
	CodeAttributeReadOnly       Code = 0x010
	CodeAttributeSensitive      Code = 0x011
	CodeAttributeTypeInvalid    Code = 0x012
	CodeAttributeValueInvalid   Code = 0x013
	CodeActionProhibited        Code = 0x01B
	CodeDataInvalid             Code = 0x020
	CodeDataLenRange            Code = 0x021
	CodeDeviceError             Code = 0x030
	CodeDeviceMemory            Code = 0x031
	CodeDeviceRemoved           Code = 0x032
	CodeEncryptedDataInvalid    Code = 0x040
	CodeEncryptedDataLenRange   Code = 0x041
	CodeFunctionCanceled        Code = 0x050
	CodeFunctionNotSupported    Code = 0x054
	CodeKeyHandleInvalid        Code = 0x060
	CodeKeySizeRange            Code = 0x062
	CodeKeyTypeInconsistent     Code = 0x063
	CodeKeyFunctionNotPermitted Code = 0x068
	CodeKeyUnextractable        Code = 0x06A
	CodeMechanismInvalid        Code = 0x070
	CodeMechanismParamInvalid   Code = 0x071
	CodeObjectHandleInvalid     Code = 0x082
	CodeOperationActive         Code = 0x090
	CodeOperationNotInitialized Code = 0x091
	CodePINIncorrect            Code = 0x0A0
	CodePINInvalid              Code = 0x0A1
	CodePINLenRange             Code = 0x0A2
	CodePINExpired              Code = 0x0A3
	CodePINLocked               Code = 0x0A4
	CodeSessionClosed           Code = 0x0B0
	CodeSessionCount            Code = 0x0B1
	CodeSessionHandleInvalid    Code = 0x0B3
	CodeSessionReadOnly         Code = 0x0B5
	CodeTemplateIncomplete      Code = 0x0D0
	CodeTemplateInconsistent    Code = 0x0D1
	CodeTokenNotPresent         Code = 0x0E0
	CodeTokenNotRecognized      Code = 0x0E1
	CodeTokenWriteProtected     Code = 0x0E2
	CodeUserAlreadyLoggedIn     Code = 0x100
	CodeUserNotLoggedIn         Code = 0x101
	CodeUserPINNotInitialized   Code = 0x102
	CodeUserTypeInvalid         Code = 0x103
	CodeUserAnotherLoggedIn     Code = 0x104
	CodeUserTooManyTypes        Code = 0x105
	CodeBufferTooSmall          Code = 0x150
	CodeCryptokiNotInitialized  Code = 0x190
	CodeCryptokiAlreadyInit     Code = 0x191
	CodeMutexBad                Code = 0x1A0
	CodeTokenResourceExceeded   Code = 0x201
)

// codes holds the name and class of every code above. CKR_GENERAL_ERROR and
// CKR_FUNCTION_FAILED are Data: some tokens answer a tampered ciphertext with
// the same code as a dead device.
var codes = map[Code]struct {
	name  string
	class Class
}{
	CodeCancel:                  {"CKR_CANCEL", Retry},
	CodeHostMemory:              {"CKR_HOST_MEMORY", Reinitialise},
	CodeSlotIDInvalid:           {"CKR_SLOT_ID_INVALID", Reinitialise},
	CodeGeneralError:            {"CKR_GENERAL_ERROR", Data},
	CodeFunctionFailed:          {"CKR_FUNCTION_FAILED", Data},
	CodeArgumentsBad:            {"CKR_ARGUMENTS_BAD", Data},
	CodeCantLock:                {"CKR_CANT_LOCK", Permanent},
	CodeAttributeReadOnly:       {"CKR_ATTRIBUTE_READ_ONLY", Permanent},
	CodeAttributeSensitive:      {"CKR_ATTRIBUTE_SENSITIVE", Permanent},
	CodeAttributeTypeInvalid:    {"CKR_ATTRIBUTE_TYPE_INVALID", Permanent},
	CodeAttributeValueInvalid:   {"CKR_ATTRIBUTE_VALUE_INVALID", Permanent},
	CodeActionProhibited:        {"CKR_ACTION_PROHIBITED", Permanent},
	CodeDataInvalid:             {"CKR_DATA_INVALID", Data},
	CodeDataLenRange:            {"CKR_DATA_LEN_RANGE", Data},
	CodeDeviceError:             {"CKR_DEVICE_ERROR", Reinitialise},
	CodeDeviceMemory:            {"CKR_DEVICE_MEMORY", Retry},
	CodeDeviceRemoved:           {"CKR_DEVICE_REMOVED", Reinitialise},
	CodeEncryptedDataInvalid:    {"CKR_ENCRYPTED_DATA_INVALID", Data},
	CodeEncryptedDataLenRange:   {"CKR_ENCRYPTED_DATA_LEN_RANGE", Data},
	CodeFunctionCanceled:        {"CKR_FUNCTION_CANCELED", Retry},
	CodeFunctionNotSupported:    {"CKR_FUNCTION_NOT_SUPPORTED", Permanent},
	CodeKeyHandleInvalid:        {"CKR_KEY_HANDLE_INVALID", Reconnect},
	CodeKeySizeRange:            {"CKR_KEY_SIZE_RANGE", Permanent},
	CodeKeyTypeInconsistent:     {"CKR_KEY_TYPE_INCONSISTENT", Permanent},
	CodeKeyFunctionNotPermitted: {"CKR_KEY_FUNCTION_NOT_PERMITTED", Permanent},
	CodeKeyUnextractable:        {"CKR_KEY_UNEXTRACTABLE", Permanent},
	CodeMechanismInvalid:        {"CKR_MECHANISM_INVALID", Permanent},
	CodeMechanismParamInvalid:   {"CKR_MECHANISM_PARAM_INVALID", Permanent},
	CodeObjectHandleInvalid:     {"CKR_OBJECT_HANDLE_INVALID", Reconnect},
	CodeOperationActive:         {"CKR_OPERATION_ACTIVE", Reconnect},
	CodeOperationNotInitialized: {"CKR_OPERATION_NOT_INITIALIZED", Reconnect},
	CodePINIncorrect:            {"CKR_PIN_INCORRECT", Login},
	CodePINInvalid:              {"CKR_PIN_INVALID", Login},
	CodePINLenRange:             {"CKR_PIN_LEN_RANGE", Login},
	CodePINExpired:              {"CKR_PIN_EXPIRED", Login},
	CodePINLocked:               {"CKR_PIN_LOCKED", Login},
	CodeSessionClosed:           {"CKR_SESSION_CLOSED", Reconnect},
	CodeSessionCount:            {"CKR_SESSION_COUNT", Retry},
	CodeSessionHandleInvalid:    {"CKR_SESSION_HANDLE_INVALID", Reconnect},
	CodeSessionReadOnly:         {"CKR_SESSION_READ_ONLY", Permanent},
	CodeTemplateIncomplete:      {"CKR_TEMPLATE_INCOMPLETE", Permanent},
	CodeTemplateInconsistent:    {"CKR_TEMPLATE_INCONSISTENT", Permanent},
	CodeTokenNotPresent:         {"CKR_TOKEN_NOT_PRESENT", Reinitialise},
	CodeTokenNotRecognized:      {"CKR_TOKEN_NOT_RECOGNIZED", Reinitialise},
	CodeTokenWriteProtected:     {"CKR_TOKEN_WRITE_PROTECTED", Permanent},
	CodeUserAlreadyLoggedIn:     {"CKR_USER_ALREADY_LOGGED_IN", Login},
	CodeUserNotLoggedIn:         {"CKR_USER_NOT_LOGGED_IN", Reconnect},
	CodeUserPINNotInitialized:   {"CKR_USER_PIN_NOT_INITIALIZED", Login},
	CodeUserTypeInvalid:         {"CKR_USER_TYPE_INVALID", Login},
	CodeUserAnotherLoggedIn:     {"CKR_USER_ANOTHER_ALREADY_LOGGED_IN", Login},
	CodeUserTooManyTypes:        {"CKR_USER_TOO_MANY_TYPES", Login},
	CodeBufferTooSmall:          {"CKR_BUFFER_TOO_SMALL", Retry},
	CodeCryptokiNotInitialized:  {"CKR_CRYPTOKI_NOT_INITIALIZED", Reinitialise},
	CodeCryptokiAlreadyInit:     {"CKR_CRYPTOKI_ALREADY_INITIALIZED", Permanent},
	CodeMutexBad:                {"CKR_MUTEX_BAD", Reinitialise},
	CodeTokenResourceExceeded:   {"CKR_TOKEN_RESOURCE_EXCEEDED", Retry},
}
