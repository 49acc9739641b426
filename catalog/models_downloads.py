"""Downloads, counted once a client and day."""

from typing import ClassVar

from django.db import models


class DownloadDay(models.Model):
    """How many clients fetched a release on one day (UTC)."""

    release = models.ForeignKey("catalog.Release", on_delete=models.CASCADE, related_name="download_days")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "catalog"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "day"], name="download_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} on {self.day}: {self.count}"


class DownloadSeen(models.Model):
    """A client that was counted today: a keyed digest of who it is, thrown away with the day."""

    release = models.ForeignKey("catalog.Release", on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    client = models.CharField(max_length=64)

    class Meta:
        app_label = "catalog"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "day", "client"], name="download_seen_once"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} on {self.day}"
