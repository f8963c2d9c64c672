from tortoise import migrations
from models.enum_grew import EnumGrew
from models.incident import Cause
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0002_agents_rest')]

    initial = False

    operations = [
        EnumGrew(
            model_name='Incident',
            name='cause',
            field=fields.CharEnumField(description='CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nWAKE_FAILED: wake_failed\nHIGH_MEMORY: high_memory\nMEMORY_SHORT: memory_short\nDISK_FULL: disk_full\nDOCKER_DOWN: docker_down\nMASS_FAILURE: mass_failure\nGEMINI_DOWN: gemini_down\nMODEL_UNAVAILABLE: model_unavailable\nTELEGRAM_DOWN: telegram_down', enum_type=Cause, max_length=24),
        ),
    ]
