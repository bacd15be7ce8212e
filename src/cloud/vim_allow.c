/*
 * vim: every method we call and the privileges it needs of the provider's user, as VMware's API reference
 * names them.  docs/providers.md has them by the names of the vSphere Client.
 */
#include <string.h>

#include "cloud/vim.h"

#define CONFIG_ "VirtualMachine.Config."

const struct vim_privilege vim_privileges[] = {
	/* reading and sessions: of every user that may see the object (System.Anonymous, System.View, System.Read) */
	{ "RetrieveServiceContent", "" },
	{ "Login", "" },
	{ "Logout", "" },
	{ "RetrievePropertiesEx", "" },
	{ "ContinueRetrievePropertiesEx", "" },
	{ "CreateContainerView", "" },
	{ "DestroyView", "" },
	{ "CreateFilter", "" },
	{ "DestroyPropertyFilter", "" },
	{ "WaitForUpdatesEx", "" },
	{ "FindByUuid", "" },
	{ "FindChild", "" },
	{ "CancelTask", "Global.CancelTask" },
	{ "CloneVM_Task", "VirtualMachine.Provisioning.DeployTemplate VirtualMachine.Inventory.CreateFromExisting"
		" VirtualMachine.Inventory.Create Datastore.AllocateSpace Datastore.Browse Resource.AssignVMToPool Network.Assign"
		" VirtualMachine.Provisioning.CreateTemplateFromVM" },
	{ "ReconfigVM_Task", CONFIG_ "AddNewDisk " CONFIG_ "AddRemoveDevice " CONFIG_ "AdvancedConfig " CONFIG_ "CPUCount "
		CONFIG_ "Resource " CONFIG_ "Memory " CONFIG_ "EditDevice " CONFIG_ "RemoveDisk " CONFIG_ "Rename "
		CONFIG_ "ResetGuestInfo " CONFIG_ "Annotation " CONFIG_ "Settings Network.Assign" },
	{ "GetCustomizationSpec", "VirtualMachine.Provisioning.ReadCustSpecs" },
	{ "CustomizeVM_Task", "VirtualMachine.Provisioning.Customize" },
	{ "PowerOnVM_Task", "VirtualMachine.Interact.PowerOn" },
	{ "PowerOffVM_Task", "VirtualMachine.Interact.PowerOff" },
	{ "ShutdownGuest", "VirtualMachine.Interact.PowerOff" },
	{ "Destroy_Task", "VirtualMachine.Inventory.Delete" },
	{ "AddCustomFieldDef", "Global.ManageCustomFields" },
	{ "SetField", "Global.SetCustomField" },
	{ "CreateSnapshot_Task", "VirtualMachine.State.CreateSnapshot" },
	{ "RemoveSnapshot_Task", "VirtualMachine.State.RemoveSnapshot" },
	{ "RevertToSnapshot_Task", "VirtualMachine.State.RevertToSnapshot" },
	{ NULL, NULL }
};

const struct vim_privilege *vim_privilege(const char *method)
{
	const struct vim_privilege *p = vim_privileges;

	while (p->method && strcmp(p->method, method) != 0)
		p++;
	return p->method ? p : NULL;
}
