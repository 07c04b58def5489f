"""All tables together: who migrates or rotates must know each of them."""

from __future__ import annotations

from sqlalchemy import MetaData

from app.db import installation_models, models, workspace_models

# Each module of tables adds its own to the one that they share.
MODULES = (models, installation_models, workspace_models)
METADATA: MetaData = models.Base.metadata
