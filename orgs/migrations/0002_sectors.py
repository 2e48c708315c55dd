"""The seven sectors of Guizhou's notice (domain.md 2)."""

from django.db import migrations

SECTORS = ("农村", "城市社区", "非公企业", "机关事业单位", "高等院校", "国有企业", "社会组织")


def add_sectors(apps, schema_editor):
    sector = apps.get_model("orgs", "Sector")
    for order, name in enumerate(SECTORS, 1):
        sector.objects.get_or_create(name=name, defaults={"order": order})


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial")]

    operations = [migrations.RunPython(add_sectors, migrations.RunPython.noop)]
