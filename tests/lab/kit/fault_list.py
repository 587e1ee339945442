"""Every fault of the lab, in the order of its tables; each of the two further ones adds its own to the first."""
import fault_table_dhcp  # noqa: F401
import fault_table_servers  # noqa: F401
from fault_table import FAULTS

__all__ = ["FAULTS"]
