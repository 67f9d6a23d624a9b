"""The kernels behind `make studio`: one waits for the next visitor, and an abandoned page's is ended. Chapter 06."""

from datetime import datetime, timezone

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class Kernels(AsyncMappingKernelManager):
    """Voilà keeps a kernel waiting, and the culler away from it until a visitor takes it. Then it has been idle for as
    long as it waited, and would be ended before the visitor's page is connected: its idle time begins anew."""

    async def cull_kernel_if_idle(self, kernel_id):
        """End a kernel without page or work; asked by the culler for each that does not wait, every few seconds."""
        kernel = self.get_kernel(kernel_id)
        if not getattr(kernel, "has_left_pool", False):
            kernel.has_left_pool, kernel.last_activity = True, datetime.now(timezone.utc)
        await super().cull_kernel_if_idle(kernel_id)
