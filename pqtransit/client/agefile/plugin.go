package agefile

import (
	"errors"

	"filippo.io/age/plugin"

	"github.com/palisade-vault/palisade/pqtransit/client"
)

// PluginName is what age calls age-plugin-palisade by.
const PluginName = "palisade"

// pluginForm is the version of what an identity's text holds: the path MOUNT/KEY follows.
const pluginForm = 1

// PluginIdentity is the text by which age's plugin finds a key. It holds no secret.
func PluginIdentity(mount *client.Mount, key string) string {
	return plugin.EncodeIdentity(PluginName, append([]byte{pluginForm}, mount.Path()+"/"+key...))
}

// ParsePluginIdentity reads what age hands the plugin of such a text.
func ParsePluginIdentity(data []byte) (mount, key string, err error) {
	if len(data) == 0 || data[0] != pluginForm {
		return "", "", errors.New("the identity is of a form that this release does not know")
	}
	return client.SplitKey(string(data[1:]))
}
